"""The hidden truth: what happened, and what a perfect reader of all arrivals could know of it.

`truth/happened/` holds everything that ever occurs to the world's visits, also after its last day.
`truth/knowable/` holds the same as of the last day: only what had arrived by then, without the
remittances and postings whose planted fault must put them in quarantine. It is computed from
the world's own arrays, never from what the pipeline read, and read by verification only.

Money is decimal(18,2) dollars, days are dates, ids are the sources' own. `docs/world.md` describes
every table and column. In short (grain in brackets):

claims [claim or self-pay account with a charge; also claims of strangers that were paid to us],
ledger_entries [financial event; claim_id is null for what a payer settles outside any claim],
denial_events [denial adjustment], denial_work [denied claim: what was done, how it ended],
submissions [claim in an 837], claim_files [837 file and its 999], lines [charge line],
remit_claims [CLP loop], remit_lines [SVC loop], provider_adjustments [PLB pair],
remits [835 payment, without second deliveries], postings [payment or write-off of the hospital],
encounters, patients [record], persons [record → person], patient_versions,
appointments, eligibility_checks, authorizations, encounter_status, diagnoses, staff, work_log,
bank_deposits, gl_postings, facility_costs, clinician_targets, payer_contracts, fee_schedules,
billing_exports [claim of a legacy export], departments, providers, facilities, payers,
faults [planted fault], totals [figure], differences [kind of fact and part of it].
"""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from rcm_platform.world.model import World
from rcm_platform.world.truth.facts import facts
from rcm_platform.world.truth.faults import faults
from rcm_platform.world.truth.feeds import feeds

#: Tables that are the same in both truths but for the day they arrive (`arrival_date`).
_AS_EMITTED = (
    "patients", "persons", "patient_versions", "remits", "bank_deposits", "gl_postings",
    "facility_costs", "clinician_targets", "payer_contracts", "fee_schedules",
    "provider_adjustments", "postings", "appointments", "eligibility_checks", "authorizations",
    "encounter_status", "diagnoses", "staff", "work_log", "billing_exports", "claim_files",
    "departments", "providers", "facilities", "payers",
)  # fmt: skip
#: Of these, the tables with rows that a planted fault keeps in quarantine.
_QUARANTINED = {"remits", "provider_adjustments", "billing_exports", "postings"}
#: DuckDB's own; the facts and the world come on top.
_MEMORY = "2GB"
#: Columns of a fact that only this module needs.
_HIDDEN = {"held_by", "claim", "encounter"}


def write_truth(world: World, folder: Path) -> dict[str, int]:
    """Write both truths under `folder`; returns the rows of each knowable table.

    The facts are laid down one by one and then read back, so that memory holds one of them only.
    """
    drafts = folder.parent / f".{folder.name}.facts"
    drafts.mkdir(parents=True)
    counts: dict[str, int] = {}
    try:
        with duckdb.connect() as connection:
            connection.execute(f"set memory_limit = '{_MEMORY}'")
            connection.execute(f"set temp_directory = '{_quoted(drafts)}'")
            found = set()
            for name, rows in chain(facts(world), feeds(world), [("faults", faults(world))]):
                path = drafts / f"{name}.parquet"
                pq.write_table(rows, path)
                connection.execute(f"create view all_{name} as from '{_quoted(path)}'")
                found.add(name)
                del rows
            day = f"date '{world.through.isoformat()}'"
            for scope, is_known in (("happened", "true"), ("knowable", f"{{}} <= {day}")):
                target = folder / scope
                target.mkdir(parents=True)
                for name, query in _queries(is_known, found).items():
                    # later queries need what the truth does not show
                    draft = drafts / f"{scope}_{name}.parquet"
                    connection.execute(f"copy ({query}) to '{_quoted(draft)}' (format parquet)")
                    connection.execute(f"create or replace view {name} as from '{_quoted(draft)}'")
                    columns = {row[0] for row in connection.execute(f"describe {name}").fetchall()}
                    if hidden := ", ".join(sorted(_HIDDEN & columns)):
                        shown = _quoted(target / f"{name}.parquet")
                        connection.execute(
                            f"copy (select * exclude ({hidden}) from {name}) to '{shown}' "
                            "(format parquet)"
                        )
                    else:
                        shutil.copy2(draft, target / f"{name}.parquet")
                    if scope == "knowable":
                        [(count,)] = connection.execute(f"select count(*) from {name}").fetchall()
                        counts[name] = int(count)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
    return counts


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _queries(is_known: str, emitted: set[str]) -> dict[str, str]:
    """Table name → query, in the order in which they build on each other.

    `is_known` is a condition on a day, written `{}`: true of everything in what happened.
    """
    not_held = "" if is_known == "true" else " and held_by is null"
    recorded = f"({is_known.format('recorded_date')}){not_held}"
    arrived = f"({is_known.format('arrival_date')})"

    def when_known(day: str, value: str) -> str:
        return f"case when {is_known.format(day)} then {value} end"

    def cents(expression: str) -> str:
        return f"cast(coalesce({expression}, 0) as decimal(18, 2))"

    def ledger_sum(sign: str, column: str, *types: str) -> str:
        listed = ", ".join(f"'{name}'" for name in types)
        return cents(f"{sign}sum({column}) filter (where event_type in ({listed}))")

    queries = {
        "ledger_entries": f"select * from all_ledger where {recorded}",
        "denial_events": f"select * from all_denials where {recorded}",
        "remit_claims": f"select * from all_remit_claims where {recorded}",
        "remit_lines": f"select * from all_remit_lines where {recorded}",
        "submissions": f"""
            select claim, source_system, claim_id, attempt, kind, payer_id, frequency_code,
                source_file, charge_amount, arrival_date as submitted_date,
                {when_known("ack_date", "ack_date")} as ack_date,
                {when_known("ack_date", "ack_status")} as ack_status
            from all_submissions where {arrived}""",
        "lines": f"""
            select * exclude (told_date)
                replace ({when_known("told_date", "expected_amount")} as expected_amount)
            from all_lines where {arrived}""",
        "denial_work": f"""
            select claim, source_system, claim_id, payer_class, carc, category, denied_date,
                {when_known("action_date", "action")} as action,
                {when_known("action_date", "action_date")} as action_date,
                {when_known("decided_date", "decided_date")} as decided_date,
                {when_known("decided_date", "outcome")} as outcome,
                {when_known("write_off_date", "write_off_date")} as write_off_date
            from all_denial_work where {is_known.format("denied_date")}
            order by all""",
        "claims": f"""
            with sums as (
                select claim,
                    min(recorded_date) filter (where event_type = 'CHARGE') as charge_date,
                    {ledger_sum("", "ar_amount", "CHARGE", "CHARGE_CORRECTION")} as charge_amount,
                    {ledger_sum("-", "ar_amount", "CONTRACTUAL")} as contractual_amount,
                    {ledger_sum("", "cash_amount", "PAYER_PAYMENT")} as payer_paid_amount,
                    {ledger_sum("", "cash_amount", "PATIENT_PAYMENT", "REFUND")}
                        as patient_paid_amount,
                    {
            ledger_sum(
                "-",
                "ar_amount",
                "DENIAL_WRITE_OFF",
                "ADMIN_WRITE_OFF",
                "SMALL_BALANCE",
                "BAD_DEBT",
                "CHARITY",
                "PROMPT_PAY_DISCOUNT",
            )
        }
                        as write_off_amount,
                    {cents("sum(ar_amount)")} as open_amount,
                    count(*) as entry_count
                from ledger_entries where claim is not null group by claim
            ),
            sent as (
                select claim, min(submitted_date) as first_submitted_date,
                    count(*) as submission_count,
                    arg_min(ack_status, attempt) filter (where ack_status is not null)
                        as first_ack_status
                from submissions group by claim
            ),
            decided as (
                select claim, min(recorded_date) as first_remit_date,
                    arg_min(is_denied, (recorded_date, event_date)) as is_denied_on_first_remit,
                    bool_or(is_denied) as is_ever_denied
                from remit_claims where kind <> 'reversal' group by claim
            ),
            paid as (
                select claim, min(event_date) as first_payer_payment_date
                from ledger_entries where event_type = 'PAYER_PAYMENT' and cash_amount > 0
                group by claim
            )
            select c.*, s.charge_date, sent.first_submitted_date,
                coalesce(sent.submission_count, 0) as submission_count, sent.first_ack_status,
                d.first_remit_date,
                coalesce(d.is_denied_on_first_remit, false) as is_denied_on_first_remit,
                coalesce(d.is_ever_denied, false) as is_ever_denied,
                paid.first_payer_payment_date, s.charge_amount, s.contractual_amount,
                s.payer_paid_amount, s.patient_paid_amount, s.write_off_amount, s.open_amount,
                s.entry_count
            from all_claims as c
            join sums as s using (claim)
            left join sent using (claim)
            left join decided as d using (claim)
            left join paid using (claim)
            where s.charge_date is not null
            order by c.source_system, c.claim_id""",
        "encounters": f"""
            with done as (
                select encounter,
                    sum(work_rvu) filter (where {is_known.format("work_date")}) as work_rvu,
                    sum(charge_amount) filter (where {arrived}) as charge_amount
                from all_lines group by encounter
            ),
            corrected as (
                select encounter, sum(ar_amount) as amount
                from ledger_entries join all_claims using (claim)
                where event_type = 'CHARGE_CORRECTION' group by encounter
            )
            select e.* exclude (arrival_date), {cents("d.work_rvu")} as work_rvu,
                {cents("d.charge_amount + coalesce(c.amount, 0)")} as charge_amount
            from all_encounters as e
            left join done as d using (encounter)
            left join corrected as c using (encounter)
            where {arrived}
            order by e.source_system, e.encounter_id""",
        "faults": f"""
            select 'F' || lpad(cast(row_number() over (
                order by knowable_date, fault_type, source_system, source_file, record_id
            ) as varchar), 7, '0') as fault_id, *
            from all_faults where {is_known.format("knowable_date")}{not_held}
            order by fault_id""",
    }
    for name in _AS_EMITTED:
        is_final = is_known == "true" and f"final_{name}" in emitted
        source = f"all_final_{name}" if is_final else f"all_{name}"
        held = not_held if name in _QUARANTINED else ""
        queries[name] = f"select * from {source} where {arrived}{held}"
    if is_known != "true":
        queries["differences"] = _differences(is_known)
    queries["totals"] = _totals(set(queries))
    return queries


def _differences(is_known: str) -> str:
    """What happened, what could be known of it, and what stands between the two, which adds up."""
    parts = {
        "ledger": ("event_type", "recorded_date", "ar_amount", "cash_amount", "memo_amount"),
        "remits": ("'remittance payment'", "arrival_date", "0", "payment_amount", "0"),
        "billing_exports": ("'billing export claim'", "arrival_date", "0", "paid_amount", "0"),
    }
    rows = " union all ".join(
        f"""select {record} as record, {ar} as ar_amount, {cash} as cash_amount,
            {memo} as memo_amount,
            case when not ({is_known.format(day)}) then 'not known yet'
                else coalesce(held_by, 'knowable') end as part
        from all_{table}"""
        for table, (record, day, ar, cash, memo) in parts.items()
    )
    measures = """count(*) as row_count, cast(sum(ar_amount) as decimal(18, 2)) as ar_amount,
        cast(sum(cash_amount) as decimal(18, 2)) as cash_amount,
        cast(sum(memo_amount) as decimal(18, 2)) as memo_amount"""
    return f"""with facts as ({rows})
        select record, 'happened' as part, {measures} from facts group by all
        union all select record, part, {measures} from facts group by all
        order by record, part"""


def _totals(tables: set[str]) -> str:
    figures = {
        "charge_amount": "select sum(charge_amount) from claims",
        "contractual_amount": "select sum(contractual_amount) from claims",
        "payer_cash_amount": "select sum(payer_paid_amount) from claims",
        "patient_cash_amount": "select sum(patient_paid_amount) from claims",
        "write_off_amount": "select sum(write_off_amount) from claims",
        "open_amount": "select sum(open_amount) from claims",
        "credit_balance_amount": "select sum(open_amount) from claims where open_amount < 0",
        "denied_amount": "select sum(amount) from denial_events",
        "underpaid_amount": (
            "select sum(expected_amount - allowed_amount) from remit_claims "
            "where expected_amount > allowed_amount and kind = 'first decision'"
        ),
        "work_rvu": "select sum(work_rvu) from encounters",
        "remit_payment_amount": "select sum(payment_amount) from remits",
        "provider_adjustment_amount": "select sum(amount) from provider_adjustments",
        "deposit_amount": "select sum(amount) from bank_deposits",
        "facility_cost_amount": "select sum(cost_amount) from facility_costs",
        "quarantined_amount": "select sum(amount) from faults where action = 'quarantine'",
        "rejected_submission_count": (
            "select count(*) from submissions where ack_status = 'rejected'"
        ),
        "denied_on_first_remit_count": (
            "select count(*) from claims where is_denied_on_first_remit"
        ),
    }
    for table in sorted(tables):
        figures[f"{table}_count"] = f"select count(*) from {table}"
    return " union all ".join(
        f"select '{name}' as name, cast(coalesce(({query}), 0) as decimal(18, 2)) as amount"
        for name, query in figures.items()
    )
