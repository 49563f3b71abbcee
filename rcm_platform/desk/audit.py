"""What people saw and did at the desk, for the audit log.

`rcm serve` keeps it, a JSON object a line, with who signed in and what was refused. Without a login
nobody is known, and nothing is kept.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from rcm_platform.desk.viewer import Viewer

Event = Literal["CLAIM_VIEWED", "EXPORTED", "ENTERED", "REFUSED"]

LOGGER = logging.getLogger("rcm_platform.desk.audit")
LOGGER.propagate = False
LOGGER.setLevel(logging.INFO)

_LAST = "audit: last claim"
"""Where the state of a session has the claim that was noted last."""


def log_file(path: Path) -> logging.Handler:
    """Writes to the audit log at a path; only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    handler = logging.handlers.WatchedFileHandler(path)  # what rotates logs may move it away
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def write(
    event: str, username: str, resource: str, *, allowed: bool = True, **more: object
) -> None:
    """Write down what a user did with what."""
    said = {
        "event_type": event,
        "username": username,
        "resource": resource,
        "status": "ALLOWED" if allowed else "DENIED",
        **more,
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "service": "rcm_platform",
    }
    LOGGER.info(json.dumps(said, ensure_ascii=False))


def note(viewer: Viewer, event: Event, resource: str, **more: object) -> None:
    """Write down what a viewer saw or did. `resource` names a page, or a claim or an entry by its
    key; no value of it belongs here."""
    write(event, viewer.name, resource, allowed=event != "REFUSED", **more)


def claim_viewed(viewer: Viewer, claim_key: str) -> None:
    """Write down that a claim was opened: once, however often the page is drawn again."""
    import streamlit as st

    if st.session_state.get(_LAST) != claim_key:
        st.session_state[_LAST] = claim_key
        note(viewer, "CLAIM_VIEWED", claim_key)
