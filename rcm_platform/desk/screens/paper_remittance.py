"""Enter what a payer decided on paper, and see what was entered lately."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import streamlit as st

from rcm_platform.desk import audit, filters, parts, recording
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.entries import EntryRefused
from rcm_platform.desk.paper import figures, folder
from rcm_platform.desk.paper.enter import CameByFile, enter, take_back
from rcm_platform.desk.paper.figures import Reason
from rcm_platform.desk.paper.folder import EnteredBefore, FolderUnavailable, Kept
from rcm_platform.desk.paper.remittance import (
    CHECK,
    DAYS_AHEAD,
    GROUPS,
    METHODS,
    MOST_NOTE_CHARACTERS,
    Adjustment,
    Answer,
    BilledClaim,
    Payer,
    Remittance,
    RemittanceRefused,
    amount_of,
)
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import Query
from rcm_platform.desk.store import StoreUnavailable
from rcm_platform.desk.style import Tone

LONGEST_NUMBER = 100
SHOWN_ENTERED = 25
POSTED = parts.chip("posted", Tone.GOOD)
CAME_BY_FILE = parts.chip("came as a file, too, which counts", Tone.NEUTRAL)
PENDING = parts.chip("pending until the next run", Tone.WATCH)
_DRAFT, _SAID = "paper_draft", "paper_said"


@dataclass
class Draft:
    """What one person is about to enter: its number, its claims, and how many lines each has.

    Its number is that of what is stored, so that a second press of the button stores nothing more.
    """

    number: str = field(default_factory=lambda: uuid.uuid4().hex)
    asked: str = ""
    claims: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    wanted: str = ""
    """The number of a claim that is to be added, while it is not told which claim that is."""
    is_unknown: bool = False
    """Whether the claim that was asked for last is not in the figures."""
    repeats: str = ""
    """What it seems to repeat, in words, once that was found."""


@dataclass(frozen=True)
class Choices:
    """What the lists of the form offer."""

    payers: Mapping[str, Payer]
    reasons: Mapping[str, Reason]
    statuses: Mapping[str, str]


def page(desk: Desk) -> None:
    """The form, and below it what was entered lately."""
    parts.head(
        desk,
        "Paper remittance",
        "What did the payer decide, on a notice that came on paper?",
    )
    if said := st.session_state.pop(_SAID, None):
        st.success(said)
    filters.say_left_out(desk.left_out)
    draft = _draft()
    claims = _claims(desk, draft)
    if claims:
        _form(desk, draft, claims)
    _entered(desk)


def _draft() -> Draft:
    """The draft of this session; another claim in the address begins a new one."""
    asked = st.query_params.get("id", "")[: LONGEST_NUMBER + 1]
    draft: Draft | None = st.session_state.get(_DRAFT)
    if draft is None or (asked and asked != draft.asked):
        draft = Draft(asked=asked, claims=[asked] if asked else [])
        st.session_state[_DRAFT] = draft
    return draft


def _claims(desk: Desk, draft: Draft) -> list[BilledClaim]:
    """The claims of the draft that the viewer may see, and the field that adds one."""
    parts.section("Claims", "The claims that the notice lists, one after the other.")
    found = [_found(desk, key) for key in draft.claims]
    known = [claim for claim in found if claim]
    draft.claims = [claim.claim_key for claim in known]
    draft.is_unknown |= len(known) < len(found)
    with st.form(f"paper_find_{draft.number}", border=False, clear_on_submit=True):
        number = st.text_input(
            "Number of a claim", key=f"paper_number_{draft.number}",
            placeholder="As it stands on the notice",
        )  # fmt: skip
        if st.form_submit_button("Add the claim"):
            draft.wanted = number[:LONGEST_NUMBER]
    if draft.wanted:
        _add(desk, draft)
    if draft.is_unknown:
        st.warning(
            "There is no such claim in these figures, or it is of an organization that is not "
            "yours. Look at the number again; a claim that was never sent or billed is not here."
        )
    return known


def _add(desk: Desk, draft: Draft) -> None:
    """Put the claim of the number that was typed on it; of several, the one that is chosen."""
    there = figures.claims_of(desk.settings, desk.reader.rows, draft.wanted)
    new = {one.claim_key: one for one in there if one.claim_key not in draft.claims}
    draft.is_unknown = not there
    if not new:
        draft.wanted = ""
        if there:
            st.warning("This claim is on it already.")
        return
    if len(new) == 1:
        key = next(iter(new))
    else:
        key = st.selectbox(
            "Several claims have this number: which one?", list(new),
            format_func=lambda one: _about(new[one]), key=f"paper_which_{draft.number}",
        )  # fmt: skip
        if not st.button("Add this one", key=f"paper_this_{draft.number}"):
            return
    draft.claims.append(key)
    draft.wanted = ""
    st.rerun()


def _found(desk: Desk, key: str) -> BilledClaim | None:
    there = figures.claims_of(desk.settings, desk.reader.rows, key[:LONGEST_NUMBER])
    return there[0] if there else None


def _form(desk: Desk, draft: Draft, claims: Sequence[BilledClaim]) -> None:
    choices = Choices(
        figures.payers(desk.reader.rows),
        figures.reasons(desk.reader.rows),
        figures.statuses(desk.settings.project_dir),
    )
    problems: list[str] = []
    parts.section("Check or transfer", "As the notice says.")
    payer_key = _payer(draft, choices, claims[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Paid by", list(METHODS), list(METHODS).index(CHECK),
            format_func=METHODS.__getitem__, key=f"paper_method_{draft.number}",
        )  # fmt: skip
        check = st.text_input("Check or EFT number", key=f"paper_check_{draft.number}")
        paid_on = st.date_input(
            "Payment date", value=None, max_value=desk.as_of + timedelta(days=DAYS_AHEAD),
            key=f"paper_date_{draft.number}",
        )  # fmt: skip
        amount = st.text_input("Amount ($)", key=f"paper_amount_{draft.number}")
    answers = [_answer(desk, draft, claim, payer_key, choices, problems) for claim in claims]
    total = _read(amount, "The check", problems)
    _balance(answers, total)
    # a field with a limit of its own would cut what is longer, and say nothing
    note = st.text_area(
        "Where the paper is", key=f"paper_note_{draft.number}",
        placeholder="Lockbox batch, number of the image, folder",
        help=f"Kept with who entered it and when; at most {MOST_NOTE_CHARACTERS:,} characters",
    )  # fmt: skip
    is_another = False
    if draft.repeats:
        parts.show(parts.notice(draft.repeats))
        is_another = st.checkbox(
            "It is another payment of this number, or another part of it",
            key=f"paper_another_{draft.number}_{check}",
        )
    if not st.button("Save", type="primary", key=f"paper_save_{draft.number}"):
        return
    if paid_on is None:
        problems.append("The payment date is missing.")
    if problems or paid_on is None or total is None:
        _say(problems)
        return
    one = Remittance(
        payer=choices.payers[payer_key],
        check_number=check.strip(),
        method=method,
        payment_date=paid_on,
        amount=total,
        answers=tuple(answer for answer in answers if answer),
        entered_by=desk.viewer.name,
        entered_at=datetime.now(UTC),
        arrival_date=desk.as_of,
    )
    try:
        kept = enter(
            desk.settings, recording.store(desk.settings), desk.reader.rows, payer_key, one,
            draft.number, note, is_another=is_another,
        )  # fmt: skip
    except (EnteredBefore, CameByFile) as problem:
        draft.repeats = str(problem)
        st.rerun()
    except RemittanceRefused as refused:
        _say(refused.problems)
    except (EntryRefused, FolderUnavailable, StoreUnavailable) as problem:
        _say([str(problem)])
    else:
        audit.note(desk.viewer, "ENTERED", kept.name, claims=[claim.claim_key for claim in claims])
        del st.session_state[_DRAFT]
        st.query_params.pop("id", None)
        st.session_state[_SAID] = (
            "Stored. It is pending until the next run, which posts it to the claims like any "
            "other remittance."
        )
        st.rerun()


def _say(problems: Sequence[str]) -> None:
    """Why it is not stored. Not by Streamlit's own messages, which take dollars for formulas."""
    parts.show(*(parts.notice(problem, Tone.BAD) for problem in problems))


def _payer(draft: Draft, choices: Choices, first: BilledClaim) -> str:
    keys = list(choices.payers)
    usual = first.payer_key or ""
    return str(
        st.selectbox(
            "Payer", keys, keys.index(usual) if usual in keys else 0,
            format_func=lambda key: choices.payers[key].name, key=f"paper_payer_{draft.number}",
        )
    )  # fmt: skip


def _answer(
    desk: Desk,
    draft: Draft,
    claim: BilledClaim,
    payer_key: str,
    choices: Choices,
    problems: list[str],
) -> Answer | None:
    """What the notice says of one claim; None while it is not complete."""
    key = f"{draft.number}_{claim.claim_key}"
    label = f"Claim {claim.claim_id}"
    with st.container(border=True):
        parts.show(f"<h3>{parts.inside(label, desk.claim(claim.claim_key))}</h3>")
        parts.show(f'<p class="note">{parts.text(_about(claim))}</p>')
        with st.container(horizontal=True, vertical_alignment="bottom"):
            status = st.selectbox(
                "Decision", list(choices.statuses), format_func=choices.statuses.__getitem__,
                key=f"paper_status_{key}",
            )  # fmt: skip
            known = figures.payer_claim_number(desk.reader.rows, claim, payer_key)
            number = st.text_input(
                "The payer's number of the claim", known or "", key=f"paper_icn_{key}_{payer_key}",
                help="ICN or claim control number; empty where the notice has none",
            )  # fmt: skip
            charge = st.text_input(
                "Charge ($)", f"{claim.charge_amount:.2f}", key=f"paper_charge_{key}"
            )
            paid = st.text_input("Paid ($)", key=f"paper_paid_{key}")
        adjustments = [
            _adjustment(f"{key}_{line}", label, choices, problems)
            for line in range(draft.lines.get(claim.claim_key, 1))
        ]
        with st.container(horizontal=True):
            if st.button("Another adjustment", key=f"paper_more_{key}"):
                draft.lines[claim.claim_key] = draft.lines.get(claim.claim_key, 1) + 1
                st.rerun()
            if len(draft.claims) > 1 and st.button("Leave it out", key=f"paper_out_{key}"):
                draft.claims.remove(claim.claim_key)
                st.rerun()
        amounts = [_read(text, f"{label}, {what}", problems)
                   for text, what in ((charge, "the charge"), (paid, "what is paid"))]  # fmt: skip
        if None in amounts:
            return None
        answer = Answer(
            claim=claim,
            status_code=status,
            charge_amount=amounts[0] or Decimal(0),
            paid_amount=amounts[1] or Decimal(0),
            adjustments=tuple(one for one in adjustments if one),
            payer_claim_number=number.strip() or None,
        )
        _difference(answer)
    return answer


def _about(claim: BilledClaim) -> str:
    patient = " ".join(filter(None, (claim.patient_first_name, claim.patient_last_name)))
    return (
        f"{patient or 'Patient not known'}, {claim.payee.name}, service of "
        f"{written.day(claim.service_date)}, charged {written.money(claim.charge_amount)}"
    )


def _adjustment(key: str, label: str, choices: Choices, problems: list[str]) -> Adjustment | None:
    """One line of group, reason and dollars; None where it is empty."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        reason = st.selectbox(
            "Reason (CARC)", list(choices.reasons), None, placeholder="Choose or type a code",
            format_func=lambda code: f"{code}: {choices.reasons[code].label}",
            key=f"paper_reason_{key}",
        )  # fmt: skip
        usual = choices.reasons[reason].group_code if reason else None
        group = st.selectbox(
            "Group", list(GROUPS), list(GROUPS).index(usual) if usual in GROUPS else 0,
            format_func=lambda code: f"{code}: {GROUPS[code]}",
            key=f"paper_group_{key}_{reason}",
        )  # fmt: skip
        amount = st.text_input("Adjusted ($)", key=f"paper_adjusted_{key}")
    if not reason and not amount.strip():
        return None
    dollars = _read(amount, f"{label}, an adjustment", problems)
    if not reason:
        problems.append(f"{label}: an adjustment has no reason. Choose one of the list.")
        return None
    return Adjustment(group, reason, dollars) if dollars is not None else None


def _read(text: str, label: str, problems: list[str]) -> Decimal | None:
    try:
        return amount_of(text, label)
    except RemittanceRefused as refused:
        problems += refused.problems
        return None


def _difference(answer: Answer) -> None:
    left = answer.charge_amount - answer.adjusted_amount
    said = (
        f"{written.money(answer.charge_amount)} charged less "
        f"{written.money(answer.adjusted_amount)} adjusted is {written.money(left)}; the patient "
        f"owes {written.money(answer.patient_amount)}. "
    )
    verdict = (
        parts.toned(f"{written.money(answer.difference)} is left over.", Tone.BAD)
        if answer.difference
        else parts.toned("It balances.", Tone.GOOD)
    )
    parts.show(f'<p class="note">{parts.text(said)}{verdict}</p>')


def _balance(answers: Sequence[Answer | None], total: Decimal | None) -> None:
    """Whether the claims are the check, as far as they are filled in."""
    if total is None or None in answers:
        return
    paid = sum((answer.paid_amount for answer in answers if answer), Decimal(0))
    verdict = (
        parts.toned("the claims are the check.", Tone.GOOD)
        if paid == total
        else parts.toned(f"{written.money(total - paid)} of the check is on no claim.", Tone.BAD)
    )
    parts.show(
        f'<p class="note">{parts.text(written.money(paid))} is paid on '
        f"{folder.counted(len(answers))} of {parts.text(written.money(total))}: {verdict}</p>"
    )


def _entered(desk: Desk) -> None:
    parts.section("Entered lately", "Nothing that was entered is ever altered.")
    try:
        found = [
            kept for kept in folder.latest(desk.settings, SHOWN_ENTERED * 4) if _may_see(desk, kept)
        ][:SHOWN_ENTERED]
    except FolderUnavailable as problem:
        parts.show(parts.notice(str(problem), Tone.BAD))
        return
    if not found:
        parts.empty("Nobody has entered a paper remittance yet.", "")
        return
    names = [kept.name for kept in found]
    states = dict.fromkeys(figures.posted_files(desk.reader.rows, names), POSTED)
    states |= dict.fromkeys(figures.repeated_files(desk.reader.rows, names), CAME_BY_FILE)
    rows = [{"kept": kept, **vars(kept.written)} for kept in found]
    parts.table(
        rows,
        (
            Column("Payer", lambda row: row["payer"]),
            Column("Check or EFT", lambda row: row["check_number"]),
            Column("Paid on", lambda row: written.day(row["payment_date"])),
            Column("Amount", lambda row: written.money(row["amount"]), True),
            Column("", lambda row: _course(row["kept"], found)),
            Column("Claims", lambda row: _claim_links(desk, row["claim_ids"]), is_wide=True),
            Column(
                "Entered",
                lambda row: (
                    f"{written.day(row['entered_at'].date())}, "
                    f"{row['entered_at']:%H:%M} UTC, {row['entered_by']}"
                ),
            ),
            Column("State", lambda row: states.get(row["kept"].name, PENDING)),
        ),
        "Paper remittances",
    )
    _take_back(desk, [kept for kept in found if not _is_settled(kept, found, states)])


def _is_settled(kept: Kept, found: Sequence[Kept], states: Mapping[str, Markup]) -> bool:
    """Whether there is nothing to take back."""
    return (
        kept.written.is_reversal
        or folder.is_taken_back(kept, found)
        or states.get(kept.name) == CAME_BY_FILE
    )


def _take_back(desk: Desk, offered: Sequence[Kept]) -> None:
    if not offered:
        return
    names = {kept.name: kept for kept in offered}
    words = {
        kept.name: f"{kept.written.payer}, {kept.written.check_number}, "
        f"{written.money(kept.written.amount)}, entered by {kept.written.entered_by}"
        for kept in offered
    }
    with (
        st.expander("Take one back that was entered wrongly"),
        st.form("paper_take_back", border=False),
    ):
        name = st.selectbox(
            "Which", list(names), format_func=words.__getitem__, key="paper_back_which"
        )
        why = st.text_input("Why", key="paper_back_why", placeholder="Kept on each of its claims")
        if not st.form_submit_button("Take it back"):
            return
        try:
            back = take_back(
                desk.settings, recording.store(desk.settings), desk.reader.rows, names[name],
                desk.viewer.name, desk.as_of, why,
            )  # fmt: skip
        except RemittanceRefused as refused:
            _say(refused.problems)
            return
        except (EntryRefused, FolderUnavailable, StoreUnavailable) as problem:
            _say([str(problem)])
            return
    audit.note(desk.viewer, "ENTERED", back.name, takes_back=name)
    st.session_state[_SAID] = (
        "Taken back. The next run posts the reversals; what was entered stays where it is."
    )
    st.rerun()


def _course(kept: Kept, found: Sequence[Kept]) -> Markup:
    if kept.written.is_reversal:
        return parts.chip("takes one back", Tone.BAD)
    return parts.chip("taken back", Tone.BAD) if folder.is_taken_back(kept, found) else Markup("")


def _may_see(desk: Desk, kept: Kept) -> bool:
    """Whether who is paid by it is an organization of the viewer's."""
    if desk.viewer.sees_all_organizations:
        return True
    mine = desk.reader.rows(Query("dim_facility", ("npi", "tin")))
    identifier = kept.written.payee_identifier
    return any(identifier in (row["npi"], row["tin"]) for row in mine)


def _claim_links(desk: Desk, numbers: Sequence[str]) -> Markup:
    links = [parts.inside(number, desk.inside("claim", search=number)) for number in numbers]
    return Markup(", ".join(links))


page(here())
