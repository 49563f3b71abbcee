"""What a page keeps of its own in the address, beside the filters: a list, an order, a page number.

It belongs to the page: another page begins without it. A value that the page does not know is the
usual one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

_PAGE, _PAGE_OF = "page", "desk_page_of"


def chosen(name: str, options: Sequence[str], usual: str) -> str:
    """The option that the address names, or the usual one."""
    value = st.query_params.get(name, usual)
    return value if value in options else usual


def widget(name: str, value: str, usual: str) -> dict[str, Any]:
    """Arguments of a widget that shows a value of the address, and writes it there."""
    key = f"page_{name}"
    st.session_state[key] = value
    return {"key": key, "on_change": _write, "args": (name, usual)}


def _write(name: str, usual: str) -> None:
    value = st.session_state[f"page_{name}"]
    if value and value != usual:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def page_number(pages: int, of: object) -> int:
    """The page of a list that the address names; the first one of another list than before."""
    before = st.session_state.get(_PAGE_OF, of)
    st.session_state[_PAGE_OF] = of
    text = st.query_params.get(_PAGE, "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 1
    if before != of:
        number = 1
    number = min(max(number, 1), max(pages, 1))
    if number == 1 and _PAGE in st.query_params:
        del st.query_params[_PAGE]
    return number


def pages(count: int, number: int) -> None:
    """The numbers of all pages, to choose from."""
    # a widget of its own for each page: this kind takes no value but its first
    key = f"page_number_{number}"
    st.pagination(count, default=number, key=key, on_change=_turn, args=(key,))


def _turn(key: str) -> None:
    st.query_params[_PAGE] = str(st.session_state[key])
