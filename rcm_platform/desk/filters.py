"""The filters of all pages, kept in the address: a link sent to a colleague opens the same view.

This module alone reads and writes them there. Streamlit empties the address when the page changes;
what was chosen is then put back. What an address asks for that is not in these figures is left out,
and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from rcm_platform.desk import format as written
from rcm_platform.desk.query import (
    ROW_COUNT,
    Between,
    Condition,
    Contains,
    Is,
    Query,
    Reader,
    Value,
)

NO_PAYER = "No payer"
NO_PROVIDER = "No clinician"

LONGEST_SEARCH = 60
MOST_CHOSEN = 50
LARGEST_AMOUNT = Decimal(10**12)

LABELS = {
    "source": "Source system",
    "organization": "Organization",
    "provider": "Clinician",
    "payer": "Payer",
    "priority": "Priority",
    "age": "Age in days",
    "status": "Status",
    "low": "Open at least",
    "high": "Open at most",
    "search": "Claim number",
}
"""By their names in the address."""

CHOSEN = ("source", "organization", "provider", "payer", "priority", "age", "status")
"""Those that are chosen from a list."""

_STATE = "desk_filters"
_PAGE = "desk_page"
_PRIORITIES = ("high", "medium", "low")


@dataclass(frozen=True)
class Names:
    """Keys of facilities, payers and clinicians with the names that people know them by."""

    facilities: Mapping[str, str]
    payers: Mapping[str, str]
    providers: Mapping[str, str]
    sources: Mapping[str, str]
    """Facility key → source system."""

    def facility(self, key: str | None) -> str:
        return self.facilities.get(key or "", written.EMPTY)

    def payer(self, key: str | None) -> str:
        return self.payers.get(key or "", NO_PAYER)

    def provider(self, key: str | None) -> str:
        return self.providers.get(key or "", NO_PROVIDER)


def names(reader: Reader) -> Names:
    """The names in a published file."""

    def of(subject: str) -> dict[str, str]:
        mart = f"dim_{subject}"
        if not reader.has(mart):
            return {}
        found = reader.rows(Query(mart, (f"{subject}_key", f"{subject}_name", f"{subject}_id")))
        return {
            row[f"{subject}_key"]: row[f"{subject}_name"] or row[f"{subject}_id"] for row in found
        }

    sources = reader.rows(Query("dim_facility", ("facility_key", "source_system")))
    return Names(
        of("facility"),
        of("payer"),
        of("provider"),
        {row["facility_key"]: row["source_system"] for row in sources},
    )


@dataclass(frozen=True)
class Filters:
    """What a viewer chose; empty is everything."""

    source: tuple[str, ...] = ()
    organization: tuple[str, ...] = ()
    provider: tuple[str, ...] = ()
    payer: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    search: str = ""

    def asked(self) -> dict[str, list[str]]:
        """As parameters of an address."""
        given: dict[str, list[str]] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value not in ((), None, ""):
                given[field.name] = list(value) if isinstance(value, tuple) else [str(value)]
        return given

    def conditions(
        self, reader: Reader, known: Names, mart: str, amount: str = "outstanding_amount"
    ) -> tuple[Condition, ...]:
        """Those that a mart can be filtered by; `amount` is its column of open dollars."""
        columns = reader.published.schema.get(mart, {})

        def keyed(column: str, named: Mapping[str, str], chosen: Iterable[str], none: str) -> Is:
            keys: list[Value] = [key for key, name in named.items() if name in chosen]
            return Is(column, (*keys, None) if none in chosen else tuple(keys))

        found: list[Condition] = []
        if self.source and "facility_key" in columns:
            found.append(keyed("facility_key", known.sources, self.source, ""))
        if self.organization and "facility_key" in columns:
            found.append(keyed("facility_key", known.facilities, self.organization, ""))
        if self.payer and "payer_key" in columns:
            found.append(keyed("payer_key", known.payers, self.payer, NO_PAYER))
        if self.provider and "provider_key" in columns:
            found.append(keyed("provider_key", known.providers, self.provider, NO_PROVIDER))
        for column, chosen in (
            ("priority_bucket", self.priority),
            ("age_bucket", self.age),
            ("claim_status", self.status),
        ):
            if chosen and column in columns:
                found.append(Is(column, chosen))
        if (self.low is not None or self.high is not None) and amount in columns:
            found.append(Between(amount, self.low, self.high))
        number = next((name for name in ("claim_id", "item_id") if name in columns), None)
        if self.search and number:
            found.append(Contains(number, self.search))
        return tuple(found)

    def unused(self, reader: Reader, mart: str, amount: str = "outstanding_amount") -> list[str]:
        """Labels of what was chosen and a mart does not have, so that a page can say so."""
        columns = reader.published.schema.get(mart, {})
        needs = {
            "source": ("facility_key",), "organization": ("facility_key",),
            "provider": ("provider_key",), "payer": ("payer_key",),
            "priority": ("priority_bucket",), "age": ("age_bucket",),
            "status": ("claim_status",), "low": (amount,), "high": (amount,),
            "search": ("claim_id", "item_id"),
        }  # fmt: skip
        return [LABELS[name] for name in self.asked() if not set(needs[name]) & set(columns)]


EVERYTHING = Filters()


def choices(reader: Reader, known: Names) -> dict[str, list[str]]:
    """What each list offers: what there is in these figures, for this viewer."""

    def distinct(mart: str, column: str) -> list[str]:
        if not reader.has(mart, column):
            return []
        rows = reader.rows(Query(mart, (column,), sums=(ROW_COUNT,), order=(column,)))
        return [row[column] for row in rows if row[column] is not None]

    priorities = distinct("mart_claims_overview", "priority_bucket")
    return {
        "source": sorted(set(known.sources.values())),
        "organization": sorted(set(known.facilities.values())),
        "provider": [*sorted(set(known.providers.values())), NO_PROVIDER],
        "payer": [*sorted(set(known.payers.values())), NO_PAYER],
        "priority": sorted(priorities, key=lambda one: (*_PRIORITIES, one).index(one)),
        "age": distinct("mart_claim_priority_queue", "age_bucket"),
        "status": distinct("mart_claims_overview", "claim_status"),
    }


def parse(
    asked: Mapping[str, Iterable[str]], offered: Mapping[str, Iterable[str]]
) -> tuple[Filters, list[str]]:
    """Filters from the parameters of an address, and what was left out, in words that repeat
    nothing of it."""
    given: dict[str, Any] = {}
    left: list[str] = []
    for name in CHOSEN:
        values = list(dict.fromkeys(asked.get(name, ())))[: MOST_CHOSEN + 1]
        known = set(offered.get(name, ()))
        kept = tuple(value for value in values if value in known)[:MOST_CHOSEN]
        if len(kept) < len(values):
            left.append(f"{LABELS[name]}: not every value is in these figures.")
        given[name] = kept
    for name in ("low", "high"):
        for text in list(asked.get(name, ()))[:1]:
            amount = _amount(text)
            if amount is None:
                left.append(f"{LABELS[name]}: not an amount in dollars.")
            given[name] = amount
    low, high = given.get("low"), given.get("high")
    if low is not None and high is not None and low > high:
        left.append("Open at most: less than the least, so both were left out.")
        given |= {"low": None, "high": None}
    for text in list(asked.get("search", ()))[:1]:
        if len(text) > LONGEST_SEARCH or not text.isprintable():
            left.append(f"{LABELS['search']}: at most {LONGEST_SEARCH} characters that print.")
        else:
            given["search"] = text.strip()
    return Filters(**given), left


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text) if len(text) <= LONGEST_SEARCH else None
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
        return None
    return amount.quantize(Decimal("0.01"))


def of_this_page(page: str, offered: Mapping[str, list[str]]) -> tuple[Filters, list[str]]:
    """The filters of a page when it is shown, and what of its address was left out."""
    asked = {name: st.query_params.get_all(name) for name in LABELS if name in st.query_params}
    kept: Filters | None = st.session_state.get(_STATE)
    has_changed_page = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    if kept is not None and not asked and has_changed_page:
        # the choices may be those of another version by now
        chosen, left = parse(kept.asked(), offered)
    else:
        chosen, left = parse(asked, offered)
    _keep(chosen)
    return chosen, left


def _keep(chosen: Filters) -> None:
    st.session_state[_STATE] = chosen
    asked = chosen.asked()
    for name in LABELS:
        if name in asked:
            if st.query_params.get_all(name) != asked[name]:
                st.query_params[name] = asked[name]
        elif name in st.query_params:
            del st.query_params[name]


def link(chosen: Filters, **changed: Any) -> dict[str, list[str]]:
    """Parameters that open a page with these filters and some changed."""
    return replace(chosen, **changed).asked()


def encoded(asked: Mapping[str, list[str]]) -> str:
    """Parameters as an address has them."""
    return urlencode(asked, doseq=True)


def bar(chosen: Filters, offered: Mapping[str, list[str]], left_out: Iterable[str]) -> None:
    """The filters on top of a page: the usual ones in sight, the others one press away."""
    with st.container(key="filters", horizontal=True, vertical_alignment="bottom"):
        _text("search", chosen)
        for name in ("organization", "payer", "priority"):
            _list(name, chosen, offered)
        others = ("provider", "age", "status", "source", "low", "high")
        used = sum(1 for name in others if name in chosen.asked())
        with st.popover(f"More filters ({used})" if used else "More filters", width="content"):
            for name in others[:4]:
                _list(name, chosen, offered)
            for name in ("low", "high"):
                _number(name, chosen)
        if chosen != EVERYTHING:
            st.button("Clear filters", key="filters_clear", on_click=_keep, args=(EVERYTHING,))
    say_left_out(left_out)


def say_left_out(left_out: Iterable[str]) -> None:
    """What an address asks for that these figures do not have."""
    for message in left_out:
        st.warning(f"Left out of the address. {message}")


def _key(name: str) -> str:
    return f"filter_{name}"


def _list(name: str, chosen: Filters, offered: Mapping[str, list[str]]) -> None:
    key = _key(name)
    st.session_state[key] = list(getattr(chosen, name))
    st.multiselect(
        LABELS[name],
        offered.get(name, []),
        key=key,
        format_func=written.words if name in ("source", "priority", "status") else str,
        placeholder="All",
        on_change=_changed,
        args=(name,),
        max_selections=MOST_CHOSEN,
    )


def _number(name: str, chosen: Filters) -> None:
    value = getattr(chosen, name)
    st.session_state[_key(name)] = None if value is None else float(value)
    st.number_input(
        f"{LABELS[name]} ($)",
        min_value=0.0,
        max_value=float(LARGEST_AMOUNT - 1),
        step=100.0,
        key=_key(name),
        placeholder="Any amount",
        on_change=_changed,
        args=(name,),
    )


def _text(name: str, chosen: Filters) -> None:
    st.session_state[_key(name)] = getattr(chosen, name)
    st.text_input(
        LABELS[name],
        key=_key(name),
        max_chars=LONGEST_SEARCH,
        placeholder="Any part of it",
        on_change=_changed,
        args=(name,),
    )


def _changed(name: str) -> None:
    """A widget was used: what it holds now goes to the address."""
    value = st.session_state[_key(name)]
    kept: Filters = st.session_state[_STATE]
    if name in CHOSEN:
        value = tuple(value)
    elif name == "search":
        value = (value or "").strip()
    else:
        value = None if value is None else _amount(str(value))
        if value is None and st.session_state[_key(name)] is not None:
            return
    changed = replace(kept, **{name: value})
    if changed.low is not None and changed.high is not None and changed.low > changed.high:
        # the one that was set last holds
        changed = replace(changed, high=None) if name == "low" else replace(changed, low=None)
    _keep(changed)
