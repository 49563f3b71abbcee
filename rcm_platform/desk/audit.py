"""What people saw and did at the desk, for the audit log.

`rcm serve` keeps it, as a JSON object a line, with who signed in and what was refused
(web/authenticated.py). Without a login nobody is known, and nothing is kept.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal

from rcm_platform.desk.viewer import Viewer

Event = Literal["CLAIM_VIEWED", "EXPORTED", "ENTERED", "REFUSED"]

LOGGER = logging.getLogger("rcm_platform.desk.audit")
LOGGER.propagate = False
LOGGER.setLevel(logging.INFO)

_LAST = "audit: last claim"
"""Where the state of a session has the claim that was noted last."""


def note(viewer: Viewer, event: Event, resource: str, **more: object) -> None:
    """Write down what a viewer saw or did. `resource` names a page, a claim or an entry by its key;
    no value of it belongs here."""
    said = {
        "event_type": event,
        "username": viewer.name,
        "resource": resource,
        "status": "DENIED" if event == "REFUSED" else "ALLOWED",
        **more,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "service": "desk",
    }
    LOGGER.info(json.dumps(said, ensure_ascii=False))


def claim_viewed(viewer: Viewer, claim_key: str) -> None:
    """Write down that a claim was opened: once, however often the page is drawn again."""
    import streamlit as st

    if st.session_state.get(_LAST) != claim_key:
        st.session_state[_LAST] = claim_key
        note(viewer, "CLAIM_VIEWED", claim_key)
