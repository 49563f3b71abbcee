"""Who looks: which published file is theirs, and to which organizations they are limited.

The desk knows nobody itself. The webserver that it is a part of says who asks, in headers that only
it can write (web/desk.py): it shows the key that it made when it started (RCM_DESK_KEY). Without a
key the desk was started by itself, by someone who may read the files, and is theirs.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from rcm_platform.publish.audiences import AUDIENCES, OPERATIONS

KEY_VARIABLE = "RCM_DESK_KEY"

KEY = "X-Rcm-Desk-Key"
USER = "X-Rcm-User"
AUDIENCE = "X-Rcm-Audience"
ORGANIZATIONS = "X-Rcm-Organizations"
"""Headers of the webserver; the organizations: a JSON list of facility ids, absent for all."""


class NotSignedIn(Exception):  # noqa: N818 (reads as what happened)
    """Nobody who may look says so: the request did not come through the login."""


@dataclass(frozen=True)
class Viewer:
    """A person at the desk; `organizations` are facility ids, None is all of them."""

    name: str
    audience: str = OPERATIONS
    organizations: tuple[str, ...] | None = None

    @property
    def sees_claims(self) -> bool:
        return self.audience == OPERATIONS

    @property
    def sees_all_organizations(self) -> bool:
        return self.organizations is None


LOCAL = Viewer("operations")
"""Who started the desk by itself."""


def read(headers: Mapping[str, str], key: str | None) -> Viewer:
    """Who asks. Raises NotSignedIn where the request did not pass the webserver."""
    if not key:
        return LOCAL
    given = {name.lower(): value for name, value in headers.items()}
    shown = given.get(KEY.lower(), "")
    if not hmac.compare_digest(shown.encode(), key.encode()):
        raise NotSignedIn
    name, audience = given.get(USER.lower(), ""), given.get(AUDIENCE.lower(), "")
    if not name or audience not in AUDIENCES:
        raise NotSignedIn
    return Viewer(name, audience, _organizations(given.get(ORGANIZATIONS.lower())))


def key() -> str | None:
    """The key that the webserver shows; None without one."""
    return os.environ.get(KEY_VARIABLE) or None


def _organizations(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise NotSignedIn from problem
    if not isinstance(found, list):
        raise NotSignedIn
    return tuple(sorted(map(str, found)))
