"""One claim from end to end, and what was done about it."""

from __future__ import annotations

import streamlit as st

from rcm_platform.desk import audit, claim_rows, filters, parts, recording
from rcm_platform.desk import format as written
from rcm_platform.desk.desk import Desk, here
from rcm_platform.desk.parts import Column, Markup
from rcm_platform.desk.query import Is, Query, Row
from rcm_platform.desk.style import Tone

CLAIMS, QUEUE, REASONS = "fct_claims", "mart_claim_priority_queue", "mart_claim_priority_reasons"
ACTIVITIES, EVENTS = "fct_claim_activities", "fct_claim_events"
LINES, REMITTANCES, DENIALS = "fct_claim_lines", "fct_remittances", "fct_denial_events"
LEDGER, UNDERPAID, PATIENTS = "fct_ledger_entries", "fct_underpayments", "dim_patient"

FOUND_CLAIMS = 25
LONGEST_KEY = 100

TONES = {
    "denied": Tone.BAD, "rejected": Tone.BAD, "reversed": Tone.BAD, "payment taken back": Tone.BAD,
    "written off": Tone.BAD, "paid": Tone.GOOD, "patient paid": Tone.GOOD,
    "acknowledged": Tone.NEUTRAL, "patient billed": Tone.WATCH, "resubmitted": Tone.WATCH,
    "replaced": Tone.WATCH,
}  # fmt: skip
"""What happened to a claim, and what that means."""


def page(desk: Desk) -> None:
    """A claim, or the way to one."""
    key = st.query_params.get("id", "")
    claim = _claim(desk, key) if key else None
    if claim is None:
        _search(desk, is_unknown=bool(key))
        return
    audit.claim_viewed(desk.viewer, claim["claim_key"])
    queued = desk.reader.first(Query(QUEUE, where=_of(claim)))
    made, problem = recording.entries_of(desk, claim["claim_key"])
    parts.head(desk, f"Claim {claim['claim_id']}", _about(desk, claim))
    _tiles(desk, claim, queued)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _next_step(queued)
        _flags(desk, claim, queued)
        _timeline(desk, claim)
    with right:
        with st.container(key="write_down"):
            parts.section("Write down what was done", "Nothing that was written is ever altered.")
            recording.form(desk, claim, made)
        parts.section("What was done")
        recording.history(desk, made, problem)
        _facts(desk, claim)
    _remittances(desk, claim)
    _lines(desk, claim)
    _events(desk, claim)
    _ledger(desk, claim)


def _of(claim: Row) -> tuple[Is]:
    return (Is("claim_key", (claim["claim_key"],)),)


def _claim(desk: Desk, key: str) -> Row | None:
    """The claim, if there is one that the viewer may see."""
    if len(key) > LONGEST_KEY:
        return None
    return desk.reader.first(Query(CLAIMS, where=(Is("claim_key", (key,)),)))


def _search(desk: Desk, is_unknown: bool) -> None:
    parts.head(desk, "Claim", "Which claim?")
    if is_unknown:
        parts.show(
            parts.notice(
                "There is no such claim in these figures, or it is of an organization that is not "
                "yours. Look for it by its number, or open it from a worklist."
            )
        )
    filters.bar(desk.chosen, desk.offered, desk.left_out)
    if desk.chosen == filters.EVERYTHING:
        parts.empty("Type a part of the claim's number above, or open one from a worklist.", "")
        return
    rows = desk.reader.rows(
        desk.filtered(Query(CLAIMS, order=("-service_date", "claim_id"), limit=FOUND_CLAIMS),
                      amount="open_amount")
    )  # fmt: skip
    if not rows:
        parts.empty("No claim has these filters.", "Clear one of them.")
        return
    parts.table(
        rows,
        (
            Column("Claim", lambda row: claim_rows.claim_link(desk, row)),
            Column("Payer", lambda row: desk.names.payer(row["payer_key"])),
            Column("Organization", lambda row: desk.names.facility(row["facility_key"])),
            Column("Service", lambda row: written.day(row["service_date"])),
            Column("Status", lambda row: written.words(row["claim_status"])),
            Column("Charged", lambda row: written.money(row["charge_amount"]), True),
            Column("Open", lambda row: written.money(row["open_amount"]), True),
        ),
        "Claims found",
    )
    if len(rows) == FOUND_CLAIMS:
        parts.show(f'<p class="note">The latest {FOUND_CLAIMS}; type more of the number.</p>')


def _about(desk: Desk, claim: Row) -> str:
    return (
        f"{desk.names.payer(claim['payer_key'])}, {desk.names.facility(claim['facility_key'])}, "
        f"{desk.names.provider(claim['provider_key'])}, service of "
        f"{written.day(claim['service_date'])}"
    )


def _tiles(desk: Desk, claim: Row, queued: Row | None) -> None:
    trace = desk.claim_trace(claim["claim_key"])
    is_open = claim["open_amount"] > 0
    shown = [
        parts.Tile(
            "Open", written.money(claim["open_amount"]), href=trace,
            tone=Tone.WATCH if is_open else Tone.GOOD,
            verdict=written.words(claim["claim_status"]), help="Charges less all that settled them",
        ),
        parts.Tile("Charged", written.money(claim["charge_amount"]), href=trace),
        parts.Tile(
            "Paid", written.money(claim["payer_paid_amount"]), href=trace,
            verdict=f"by payers, {written.money(claim['patient_paid_amount'])} by the patient",
        ),
        parts.Tile(
            "Contractual", written.money(claim["contractual_amount"]), href=trace,
            help="What the payer's contract takes off the charge",
        ),
        parts.Tile(
            "Denied", written.money(claim["denied_amount"]), href=trace,
            tone=Tone.BAD if claim["denied_amount"] else None, help="Denied dollars still held",
        ),
    ]  # fmt: skip
    if queued:
        bucket = queued["priority_bucket"]
        shown.insert(
            0,
            parts.Tile(
                "Priority", written.words(bucket), tone=claim_rows.TONES.get(bucket),
                verdict=f"{queued['priority_score']} points, {_place(queued)}",
                help="By the points of the rules below", href=desk.lineage(QUEUE),
            ),
        )  # fmt: skip
    parts.tiles(shown)


def _place(queued: Row) -> str:
    if queued["queue_position"] is None:
        return f"waits until {written.day(queued['waiting_until_date'])}"
    return f"place {queued['queue_position']:,}"


def _next_step(queued: Row | None) -> None:
    parts.section("Next best action")
    if queued is None:
        parts.empty("Nothing is open on this claim, so there is nothing to do.", "")
        return
    left = claim_rows.deadline(queued["deadline_date"], queued["days_to_deadline"],
                               claim_rows.soon_days(here()))  # fmt: skip
    parts.facts(
        {
            "Do": Markup(f"<b>{parts.text(written.words(queued['next_best_action']))}</b>"),
            "Until": left,
            "Odds": f"{written.share(queued['recovery_odds'])} of "
            f"{written.money(queued['recoverable_amount'])}",
            "Worth": f"{written.money(queued['expected_value_amount'])} after "
            f"{queued['work_minutes']} minutes of work, which cost "
            f"{written.money(queued['work_cost_amount'])}",
            "List": written.words(queued["worklist"]),
        }
    )


def _flags(desk: Desk, claim: Row, queued: Row | None) -> None:
    if queued is None:
        return
    parts.section(
        "Why it is flagged",
        f"Rule by rule; the score is {queued['priority_score']} points.",
        desk.lineage(REASONS),
    )
    rows = desk.reader.rows(Query(REASONS, where=_of(claim), order=("-points", "rule_name")))
    parts.table(
        rows,
        (
            Column("Rule", lambda row: written.words(row["rule_name"])),
            Column("What was found", lambda row: row["evidence"], is_wide=True),
            Column("Points", lambda row: written.count(row["points"]), True),
            Column("Dollars", lambda row: written.money(row["value_amount"]), True,
                   help="What the rule adds to, or takes from, what the work is worth"),
        ),
        "Rules that flag this claim",
    )  # fmt: skip


def _timeline(desk: Desk, claim: Row) -> None:
    parts.section("What happened", "From the first sending to today.", desk.lineage(ACTIVITIES))
    rows = desk.reader.rows(Query(ACTIVITIES, where=_of(claim), order=("activity_number",)))
    if not rows:
        parts.empty("Nothing is known of this claim beyond its charges.", "")
        return
    parts.show('<ul class="timeline">', *(_step(row) for row in rows), "</ul>")


def _step(row: Row) -> Markup:
    tone = TONES.get(row["activity_type"])
    amount = f", {written.money(row['amount'])}" if row["amount"] else ""
    known = (
        f", known from {written.day(row['recorded_date'])}"
        if row["recorded_date"] != row["activity_date"]
        else ""
    )
    return Markup(
        f'<li class="{tone.value if tone else ""}"><b>'
        f"{parts.text(written.words(row['activity_type']))}</b>{amount}"
        f'<div class="when">{written.day(row["activity_date"])}{known}. '
        f"{parts.text(row['activity_label'])}.</div></li>"
    )


def _facts(desk: Desk, claim: Row) -> None:
    parts.section("The claim", "", desk.claim_trace(claim["claim_key"]), "Down to each segment")
    patient = desk.reader.first(
        Query(PATIENTS, where=(Is("patient_version_key", (claim["patient_version_key"],)),))
    )
    who = written.EMPTY
    if patient:
        name = " ".join(filter(None, (patient["first_name"], patient["last_name"])))
        who = f"{name}, born {written.day(patient['birth_date'])}"
    parts.facts(
        {
            "Patient": who,
            "Payer": desk.names.payer(claim["payer_key"]),
            "Organization": desk.names.facility(claim["facility_key"]),
            "Clinician": desk.names.provider(claim["provider_key"]),
            "Kind": written.words(claim["service_type"]),
            "Source": written.words(claim["source_system"]),
            "Service": written.day(claim["service_date"]),
            "First sent": written.day(claim["first_submitted_date"]),
            "Times sent": written.count(claim["submission_count"] or 0),
            "Acknowledged": written.words(claim["last_ack_status"]),
            "First answer": written.day(claim["first_remit_date"]),
            "First payment": written.day(claim["first_payer_payment_date"]),
            "Age": written.days(claim["age_days"]),
        }
    )


def _remittances(desk: Desk, claim: Row) -> None:
    parts.section(
        "What payers decided", "Each remittance, with its reasons in words.",
        desk.lineage(REMITTANCES),
    )  # fmt: skip
    parts.paper_remittance(desk, claim["claim_key"])
    rows = desk.reader.rows(Query(REMITTANCES, where=_of(claim), order=("remit_number",)))
    if not rows:
        parts.empty("No payer has decided yet.", "")
        return
    denials = desk.reader.rows(Query(DENIALS, where=_of(claim), order=("line_no", "reason_code")))
    codes = tuple(sorted({row["reason_code"] for row in denials if row["reason_code"]}))
    labels = {
        row["reason_code"]: row["label"]
        for row in desk.reader.rows(Query("carc_codes", where=(Is("reason_code", codes),)))
    }

    def reasons(row: Row) -> Markup:
        of_it = [one for one in denials if one["remit_claim_key"] == row["remit_claim_key"]]
        return Markup("<br>".join(_reason(one, labels) for one in of_it) or written.EMPTY)

    parts.table(
        rows,
        (
            Column("Paid on", lambda row: written.day(row["payment_date"])),
            Column("Payer", lambda row: desk.names.payer(row["payer_key"])),
            Column("Decision", _decision),
            Column("Allowed", lambda row: written.money(row["allowed_amount"]), True),
            Column("Paid", lambda row: written.money(row["paid_amount"]), True),
            Column("Denied", lambda row: written.money(row["denied_amount"]), True),
            Column("Patient", lambda row: written.money(row["patient_responsibility_amount"]), True,
                   help="What the payer leaves to the patient"),
            Column("Why denied", reasons, is_wide=True),
            Column("Trace number", lambda row: row["trace_number"] or written.EMPTY),
        ),
        "Remittances",
    )  # fmt: skip
    underpaid = desk.reader.rows(
        Query(UNDERPAID, where=(*_of(claim), Is("is_underpaid", (True,))), order=("line_id",))
    )
    if underpaid:
        parts.show('<p class="note">Paid less than the contract says:</p>')
        parts.table(
            underpaid,
            (
                Column("Line", lambda row: row["line_id"] or written.EMPTY),
                Column("Procedure", lambda row: row["procedure_code"] or written.EMPTY),
                Column("By contract", lambda row: written.money(row["expected_amount"]), True),
                Column("Allowed", lambda row: written.money(row["allowed_amount"]), True),
                Column("Less by", lambda row: written.money(row["underpaid_amount"]), True),
            ),
            "Underpaid lines",
        )


def _reason(denial: Row, labels: dict[str, str]) -> Markup:
    label = labels.get(denial["reason_code"] or "", "A reason that no list has")
    code = "-".join(filter(None, (denial["group_code"], denial["reason_code"])))
    remarks = f", remarks {denial['remark_codes']}" if denial["remark_codes"] else ""
    line = f"line {denial['line_no']}: " if denial["line_no"] else ""
    return Markup(
        f"{parts.text(line)}{parts.text(label)} "
        f"<span class='dim'>({parts.text(code + remarks)}, "
        f"{written.money(denial['denied_amount'])})</span>"
    )


def _decision(row: Row) -> Markup:
    if row["is_reversal"]:
        return parts.chip("taken back", Tone.BAD)
    if row["is_denied"]:
        return parts.chip("denied", Tone.BAD)
    decided = "paid" if row["paid_amount"] else "decided, nothing paid"
    order = " as second payer" if row["is_secondary"] else ""
    return parts.chip(f"{decided}{order}", Tone.GOOD if row["paid_amount"] else Tone.NEUTRAL)


def _lines(desk: Desk, claim: Row) -> None:
    parts.section("Lines", "What was billed, and what became of it.", desk.lineage(LINES))
    rows = desk.reader.rows(Query(LINES, where=_of(claim), order=("line_number", "line_id")))
    if not rows:
        parts.empty("The sources have no lines of this claim.", "")
        return
    names = {
        row["procedure_code"]: row["label"]
        for row in desk.reader.rows(
            Query(
                "procedure_codes",
                where=(Is("procedure_code", tuple({row["procedure_code"] for row in rows})),),
            )
        )
    }
    parts.table(
        rows,
        (
            Column("Line", lambda row: row["line_id"] or written.EMPTY),
            Column(
                "Procedure",
                lambda row: Markup(
                    f"{parts.text(row['procedure_code'] or row['revenue_code'] or written.EMPTY)} "
                    f"<span class='dim'>{parts.text(names.get(row['procedure_code'], ''))}</span>"
                ),
                is_wide=True,
            ),
            Column(
                "Units", lambda row: f"{row['units'].normalize():f}" if row["units"] else "", True
            ),
            Column("Charged", lambda row: written.money(row["charge_amount"]), True),
            Column("Allowed", lambda row: written.money(row["allowed_amount"]), True),
            Column("Contractual", lambda row: written.money(row["contractual_amount"]), True),
            Column("Denied", lambda row: written.money(row["denied_amount"]), True),
            Column(
                "Patient", lambda row: written.money(row["patient_responsibility_amount"]), True
            ),
            Column("Paid", lambda row: written.money(row["payer_paid_amount"]), True),
        ),
        "Lines of the claim",
    )


def _events(desk: Desk, claim: Row) -> None:
    parts.section(
        "Sent, acknowledged, answered",
        "The chain of the claim, each with the file and segment that says so.",
        desk.claim_trace(claim["claim_key"]),
        "Read the segments",
    )
    rows = desk.reader.rows(Query(EVENTS, where=_of(claim), order=("event_number",)))
    if not rows:
        parts.empty("No file names this claim.", "")
        return
    parts.table(
        rows,
        (
            Column("On", lambda row: written.day(row["event_date"])),
            Column("What", lambda row: written.words(row["event_kind"])),
            Column("By", lambda row: written.words(row["actor"])),
            Column("Dollars", lambda row: written.money(row["event_amount"]), True),
            Column("Known from", lambda row: written.day(row["recorded_date"])),
            Column("File", lambda row: row["source_file"]),
            Column("Place", lambda row: row["source_position"]),
        ),
        "Chain of the claim",
    )


def _ledger(desk: Desk, claim: Row) -> None:
    parts.section(
        "Ledger",
        "Every entry; they add up to what is open and to what was paid.",
        desk.claim_trace(claim["claim_key"]),
        "Each entry with its segment",
    )
    rows = desk.reader.rows(
        Query(LEDGER, where=_of(claim), order=("event_date", "recorded_date", "event_type",
                                               "ledger_entry_key"))
    )  # fmt: skip
    parts.table(
        rows,
        (
            Column("On", lambda row: written.day(row["event_date"])),
            Column("Entry", lambda row: written.words(row["event_type"])),
            Column("Receivable", lambda row: written.money(row["ar_amount"]), True,
                   help="What it adds to, or takes from, the open balance"),
            Column("Cash", lambda row: written.money(row["cash_amount"]), True),
            Column("Known from", lambda row: written.day(row["recorded_date"])),
            Column("File", lambda row: row["source_file"]),
            Column("Place", lambda row: row["source_position"]),
        ),
        "Ledger entries",
    )  # fmt: skip


page(here())
