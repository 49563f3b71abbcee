"""What people wrote down about a claim, and the form to write down more.

An entry is shown as soon as it is stored, as pending until a run has taken it into the figures.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

import streamlit as st

from rcm_platform.desk import audit, parts
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk
from rcm_platform.desk.entries import (
    MOST_NOTE_CHARACTERS,
    Action,
    Entry,
    EntryRefused,
    actions,
    by_hand,
)
from rcm_platform.desk.parts import Markup
from rcm_platform.desk.query import Is, Query, Row
from rcm_platform.desk.store import ChangedSince, Store, StoreUnavailable
from rcm_platform.desk.style import Tone
from rcm_platform.settings import Settings

PUBLISHED = "fct_work_entries"
"""Where the figures have the entries that a run has taken over."""

_DRAFT, _SAID, _SEEN = "entry_draft", "entry_said", "entry_seen"
FOLLOW_UP_DAYS = 365


@st.cache_resource(show_spinner=False, max_entries=2)
def _store(place: str, _settings: Settings) -> Store:
    return Store.open(_settings)


def store(settings: Settings) -> Store:
    """The store of entries. Raises StoreUnavailable."""
    return _store(settings.desk_url or str(settings.desk_path), settings)


def entries_of(desk: Desk, claim_key: str) -> tuple[list[Entry], str | None]:
    """The entries on a claim, and why there are none to see."""
    try:
        return store(desk.settings).of_claim(claim_key), None
    except StoreUnavailable as problem:
        return [], str(problem)


def taken_over(desk: Desk, claim_key: str) -> set[str]:
    """The entries on a claim that these figures know of."""
    if not desk.reader.has(PUBLISHED):
        return set()
    of_claim = (Is("claim_key", (claim_key,)),)
    return {
        row["entry_id"] for row in desk.reader.rows(Query(PUBLISHED, ("entry_id",), where=of_claim))
    }


def history(desk: Desk, made: Sequence[Entry], problem: str | None) -> None:
    """What was written down, the latest first."""
    if problem:
        parts.show(parts.notice(problem, Tone.BAD))
        return
    if not made:
        parts.empty("Nobody has written anything down about this claim.", "")
        return
    known = actions(desk.settings.project_dir)
    counted = taken_over(desk, made[0].claim_key)
    parts.show(
        '<ul class="timeline">',
        *(
            _line(entry, known.get(entry.action), entry.entry_id not in counted)
            for entry in made[::-1]
        ),
        "</ul>",
    )


def _line(entry: Entry, action: Action | None, is_pending: bool) -> Markup:
    said = [parts.text(action.label if action else written.words(entry.action))]
    if entry.outcome:
        outcome = action.outcomes.get(entry.outcome) if action else None
        said.append(parts.chip(outcome or written.words(entry.outcome)))
    if entry.follow_up_date:
        said.append(parts.chip(f"again on {written.day(entry.follow_up_date)}", Tone.NEUTRAL))
    if entry.assigned_to and entry.assigned_to != entry.made_by:
        said.append(parts.chip(f"for {entry.assigned_to}"))
    if is_pending:
        said.append(parts.chip("pending until the next run", Tone.WATCH))
    note = f'<div class="words">{parts.text(entry.note)}</div>' if entry.note else ""
    when = f"{written.day(entry.made_at.date())}, {entry.made_at:%H:%M} UTC, {entry.made_by}"
    return Markup(
        f'<li class="{"watch" if is_pending else "good"}">{" ".join(said)}'
        f'<div class="when">{parts.text(when)}</div>{note}</li>'
    )


def form(desk: Desk, claim: Row, made: Sequence[Entry]) -> None:
    """Write down what was done. What cannot be stored stays in the form, with the reason."""
    known = by_hand(actions(desk.settings.project_dir))
    key = claim["claim_key"]
    # what the page showed when it was last drawn; what came since, nobody has read yet
    seen = st.session_state.get(_SEEN, {}).get(key, _last(made))
    st.session_state[_SEEN] = {key: _last(made)}
    # a new draft after each entry, so that its fields begin empty. They are named by what is stored
    # and not by the session: a page whose server was started again finds what was typed
    mine = sum(entry.made_by == desk.viewer.name for entry in made)
    drafts = st.session_state.setdefault(_DRAFT, {})
    draft, entry_id = drafts.setdefault(key, (f"{key}_{mine}", uuid.uuid4().hex))
    if said := st.session_state.pop(_SAID, None):
        st.success(said)
    with st.container(border=True, key="entry"):
        action = known[
            st.selectbox(
                "What was done",
                list(known),
                format_func=lambda name: known[name].label,
                key=f"action_{draft}",
            )
        ]
        parts.show(f'<p class="note">{parts.text(action.description)}.</p>')
        outcome = None
        if action.outcomes:
            outcome = st.selectbox(
                "Outcome",
                list(action.outcomes),
                index=None,
                placeholder="Not known yet",
                format_func=lambda name: action.outcomes[name],
                key=f"outcome_{draft}",
            )
        follow_up = st.date_input(
            "Look again on",
            value=None,
            min_value=desk.as_of,
            max_value=desk.as_of + timedelta(FOLLOW_UP_DAYS),
            key=f"follow_up_{draft}",
            help="Until then the claim leaves the list, from the next run on",
        )
        # a field with a limit of its own would cut what is longer, and say nothing
        note = st.text_area(
            "Note", key=f"note_{draft}", help=f"At most {MOST_NOTE_CHARACTERS:,} characters"
        )
        if not st.button("Save", type="primary", key=f"save_{draft}"):
            return
        try:
            entry = store(desk.settings).add(
                claim_key=key,
                source_system=claim["source_system"],
                claim_id=claim["claim_id"],
                action=action.action,
                made_by=desk.viewer.name,
                effective_date=desk.as_of,
                outcome=outcome,
                note=note,
                follow_up_date=follow_up,
                entry_id=entry_id,
                seen=seen,
            )
        except ChangedSince as problem:
            st.warning(str(problem))
        except (EntryRefused, StoreUnavailable) as problem:
            st.error(str(problem))
        else:
            audit.note(desk.viewer, "ENTERED", entry.entry_id, claim=key, action=entry.action)
            del drafts[key]
            st.session_state[_SAID] = (
                "Stored. It is shown here at once, and counts in the lists and figures from the "
                "next run on."
            )
            st.rerun()


def _last(made: Sequence[Entry]) -> int:
    return made[-1].sequence if made else 0
