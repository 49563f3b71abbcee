"""The operations desk: `streamlit run rcm_platform/desk/app.py`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st

from rcm_platform.desk import audit, desk, filters, parts, style, viewer
from rcm_platform.desk.published import NothingPublished, VersionGone
from rcm_platform.desk.query import NotForThisViewer
from rcm_platform.desk.screens import SCREENS, Screen
from rcm_platform.explain import links
from rcm_platform.settings import get_settings

# one of Streamlit's own icons would be fetched from elsewhere
ICON = Path(__file__).with_name("icon.png")

LOG = logging.getLogger(__name__)

Message = tuple[str, str, str]
"""A title, what is the matter, and what to do."""

GONE: Message = (
    "This version is gone",
    "It was replaced and removed while the page was made.",
    "Reload the page: it then shows the version that is current.",
)


def main() -> None:
    """One look at a page."""
    st.set_page_config(
        page_title="Operations desk", page_icon=ICON, layout="wide", initial_sidebar_state="auto"
    )
    st.logo(str(ICON), size="large")
    style.apply()
    parts.follow_links()
    found = _open()
    if not isinstance(found, desk.Desk):
        # its address is a page's all the same, for when there is something to show
        _navigation([])
        parts.message_page(*found)
        return
    allowed = [screen for screen in SCREENS if screen.is_for(found.viewer)]
    shown, screen = _navigation(allowed)
    _ways_out(found)
    if screen is None and allowed:
        shown.run()
    elif screen in allowed:
        _page(found, screen, shown)
    else:
        _not_for(found, screen)


def _open() -> desk.Desk | Message:
    """What the viewer may see, or why there is nothing."""
    try:
        who = viewer.read(st.context.headers, viewer.key())
        return desk.Desk.open(get_settings(), who)
    except viewer.NotSignedIn:
        return (
            "Sign in first",
            "The desk does not know who you are.",
            "Open it by the address of the platform, where the login is.",
        )
    except NothingPublished:
        return (
            "Nothing is published yet",
            "There are no figures to show.",
            "Run `rcm run`, or start the job in the Dagster UI; then reload this page.",
        )
    except VersionGone:
        return GONE


def _navigation(allowed: Sequence[Screen]) -> tuple[st.Page, Screen | None]:
    """The page that was asked for, beside the list of all that the viewer may open; no screen of
    ours is the one that leads to the first of them."""
    pages = {
        screen: st.Page(
            screen.script,
            title=screen.title,
            icon=screen.icon,
            url_path=screen.path,
            help=screen.help,
            visibility="visible" if screen in allowed else "hidden",
        )
        for screen in SCREENS
    }

    def start() -> None:
        # each page has an address of its own, also the first one
        asked = {name: st.query_params.get_all(name) for name in st.query_params}
        st.switch_page(pages[allowed[0]], query_params=asked)

    listed: dict[str, list[st.Page]] = {}
    for screen, page in pages.items():
        listed.setdefault(screen.section, []).append(page)
    first = st.Page(start, title="Operations desk", default=True, visibility="hidden")
    shown = st.navigation({"": [first], **listed}, expanded=True)
    return shown, next((screen for screen, page in pages.items() if page is shown), None)


def _page(found: desk.Desk, screen: Screen, shown: st.Page) -> None:
    try:
        offered = filters.choices(found.reader, found.names)
        chosen, left = filters.of_this_page(screen.name, offered)
        desk.give(replace(found, chosen=chosen, offered=offered, left_out=tuple(left)))
        shown.run()
    except VersionGone:
        parts.message_page(*GONE)
    except NotForThisViewer:
        _not_for(found, screen)
    except Exception:
        LOG.exception("The page %s could not be made.", screen.name)
        parts.message_page(
            "This page could not be made",
            "Something is wrong with it, not with what you did. Nothing that you entered is lost.",
            "Try again; if it stays, tell an administrator of the platform: the server's log says "
            "more.",
        )


def _not_for(found: desk.Desk, screen: Screen | None = None) -> None:
    audit.note(found.viewer, "REFUSED", screen.name if screen else "desk")
    parts.message_page(
        "Not shown to you",
        f"{screen.title if screen else 'The desk'} is for other roles or organizations than yours.",
        "Ask an administrator of the platform if you need it.",
    )


def _ways_out(found: desk.Desk) -> None:
    with st.sidebar:
        parts.show(
            '<p class="note">',
            " · ".join(
                parts.anchor(label, found.outside(path))
                for label, path in (
                    ("All numbers", f"{links.TRACE_PATH}/"),
                    ("Dagster", links.SCORECARD_PATH),
                    ("Documentation", "/docs/"),
                )
            ),
            "</p>",
        )


main()
