"""The hidden truth: what happened, and what a perfect reader of all arrivals could know of it.

`truth/happened/` holds everything that ever occurs to the world's visits, also after its last day.
`truth/knowable/` holds the same as of the last day: only what had arrived by then, without the
remittance claims whose planted fault must put them in quarantine. It is computed from the world's
own arrays, never from what the pipeline read, and read by verification only.

Money is decimal(18,2) dollars, days are dates, ids are the sources' own. Tables (grain: columns):

claims (claim or self-pay account with at least one charge): source_system, claim_id, encounter_id,
    patient_id, provider_id, payer_id, facility_id, service_date, charge_date, first_submitted_date,
    submission_count, first_ack_status ('accepted', 'rejected', null), first_remit_date,
    is_denied_on_first_remit, is_ever_denied, first_payer_payment_date, charge_amount,
    contractual_amount, payer_paid_amount, patient_paid_amount, write_off_amount, open_amount
    (= charge less the four; below zero is a credit balance), entry_count (its ledger entries)
ledger_entries (financial event): source_system, claim_id, event_type, event_date, recorded_date,
    ar_amount (signed effect on receivables), cash_amount (cash in), memo_amount
denial_events (denial CAS triplet): source_system, claim_id, line (REF*6R, null at claim level),
    carc, group_code, category, amount, event_date, recorded_date
submissions (claim in an 837): source_system, claim_id, attempt (1 first, 2 after rejection,
    3 replacement), frequency_code, submitted_date, ack_date, ack_status (null when not yet known)
remit_claims (CLP loop): source_system, claim_id, source_file, charge_amount, paid_amount,
    patient_responsibility_amount, is_denied, event_date, recorded_date
encounters (visit): source_system, encounter_id, patient_id, provider_id, facility_id,
    encounter_date, work_rvu (sum of work value x units of what is coded), charge_amount
patients (registration): source_system, patient_id, registered_date
remits (835 payment, without second deliveries): source_file (relative to clearinghouse/),
    source_system, facility_id, payer_id, trace_number, payment_amount, payment_date, arrival_date,
    claim_count
bank_deposits, facility_costs: as in the files, plus arrival_date
faults (planted fault): fault_id, fault_type, rule_id, expected_action, source_file,
    source_system, claim_id (null for whole files), amount (835 dollars concerned: BPR02 of the
    file, CLP04 of the claim), knowable_date
totals (figure): name, amount
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from rcm_platform.world import files
from rcm_platform.world.claims import (
    COINSURANCE,
    CONTRACTUAL,
    COPAY,
    DEDUCTIBLE,
    DENIAL,
    PATIENT_PAYMENT,
    SEQUESTER,
)
from rcm_platform.world.columns import dates, money, take
from rcm_platform.world.model import World
from rcm_platform.world.rng import Ints

_EVENT_TYPES = [
    "CHARGE",
    "PAYER_PAYMENT",
    "CONTRACTUAL",
    "DENIAL_HOLD",
    "TRANSFER_TO_PATIENT",
    # In the order of TRANSACTION_KINDS:
    "PATIENT_PAYMENT",
    "DENIAL_WRITE_OFF",
    "ADMIN_WRITE_OFF",
    "SMALL_BALANCE",
    "BAD_DEBT",
    "CHARITY",
]
_CHARGE, _PAYER_PAYMENT, _CONTRACTUAL, _DENIAL_HOLD, _TO_PATIENT, _FIRST_POSTING = range(6)

#: Tables that are the same in both truths but for the day they arrive.
_AS_EMITTED = ("patients", "remits", "bank_deposits", "facility_costs")


def write_truth(world: World, folder: Path) -> dict[str, int]:
    """Write both truths under `folder`; returns the rows of each knowable table."""
    counts: dict[str, int] = {}
    with duckdb.connect() as connection:
        for name, rows in _facts(world).items():
            connection.register(f"all_{name}", rows)
        day = f"date '{world.through.isoformat()}'"
        for scope, known in (
            ("happened", "true"),
            ("knowable", f"recorded_date <= {day} and not is_quarantined"),
        ):
            target = folder / scope
            target.mkdir(parents=True)
            queries = _queries(known, "true" if scope == "happened" else f"arrival_date <= {day}")
            for name, query in queries.items():
                connection.execute(f"create or replace temp table {name} as {query}")
                path = str(target / f"{name}.parquet").replace("'", "''")
                shown = "* exclude (claim)" if name == "ledger_entries" else "*"
                connection.execute(
                    f"copy (select {shown} from {name}) to '{path}' (format parquet)"
                )
                if scope == "knowable":
                    rows = connection.execute(f"select count(*) from {name}").fetchall()
                    counts[name] = int(rows[0][0])
    return counts


def _facts(world: World) -> dict[str, pa.Table]:
    """The world's arrays as tables; `claim` and `encounter` are row numbers of the world."""
    visits, claims, lines = world.care.encounters, world.care.claims, world.care.lines
    people, sent, pays = world.care.patients, world.story.submissions, world.payments
    remits = world.story.remits
    systems, facilities = world.hospitals.source_systems, world.hospitals.facility_ids
    file_of_remit = np.repeat(np.arange(len(pays.amount)), pays.remit_count)
    encounter = claims.encounter
    return {
        "claims": pa.table(
            {
                "claim": np.arange(len(claims.key)),
                "source_system": take(systems, claims.hospital),
                "claim_id": take(world.claim_ids, np.arange(len(claims.key))),
                "encounter_id": take(world.encounter_ids, encounter),
                "patient_id": take(world.patient_ids, visits.patient[encounter]),
                "provider_id": take(world.provider_ids, visits.provider[encounter]),
                "payer_id": take(world.parameters.payers.ids, claims.payer),
                "facility_id": take(facilities, claims.hospital),
                "service_date": dates(visits.day[encounter]),
            }
        ),
        "encounters": pa.table(
            {
                "encounter": np.arange(len(visits.key)),
                "source_system": take(systems, visits.hospital),
                "encounter_id": take(world.encounter_ids, np.arange(len(visits.key))),
                "patient_id": take(world.patient_ids, visits.patient),
                "provider_id": take(world.provider_ids, visits.provider),
                "facility_id": take(facilities, visits.hospital),
                "encounter_date": dates(visits.day),
                "arrival_date": dates(visits.day),
            }
        ),
        "lines": pa.table(
            {
                "encounter": lines.encounter,
                "claim": lines.claim,
                "charge_amount": money(lines.charge),
                "work_rvu": money(lines.work_rvu * lines.units),
                "arrival_date": dates(visits.coded_day[lines.encounter]),
            }
        ),
        "submissions": pa.table(
            {
                "claim": sent.claim,
                "attempt": sent.attempt,
                "frequency_code": take(["1", "7"], (sent.attempt == 3).astype(np.int64)),
                "arrival_date": dates(sent.day),
                "ack_date": dates(sent.ack_day),
                "ack_status": take(["accepted", "rejected"], sent.is_rejected.astype(np.int64)),
            }
        ),
        "remit_claims": pa.table(
            {
                "claim": remits.claim,
                "source_file": take(world.remit_files, file_of_remit),
                "charge_amount": money(remits.charge),
                "paid_amount": money(remits.paid),
                "patient_responsibility_amount": money(remits.patient_share),
                "is_denied": pa.array(remits.denial >= 0),
                "event_date": dates(remits.payment_day),
                "recorded_date": dates(remits.era_day),
                "is_quarantined": pa.array(remits.unbalanced_by != 0),
                "fault_level": take(["B1", "B2"], remits.is_claim_level.astype(np.int64)),
            }
        ),
        "ledger": _ledger(world),
        "denials": _denial_events(world),
        "patients": pa.table(
            {
                "source_system": take(systems, people.hospital),
                "patient_id": take(world.patient_ids, np.arange(len(people.number))),
                "arrival_date": dates(people.registered_day),
            }
        ),
        "remits": pa.table(
            {
                "source_file": pa.array(world.remit_files, pa.string()),
                "source_system": take(systems, pays.hospital),
                "facility_id": take(facilities, pays.hospital),
                "payer_id": take(world.parameters.payers.ids, pays.payer),
                "trace_number": pa.array(world.trace_numbers, pa.string()),
                "payment_amount": money(pays.amount),
                "payment_date": dates(pays.payment_day),
                "arrival_date": dates(pays.era_day),
                "claim_count": pays.remit_count,
                "second_file": pa.array(
                    [world.second_delivery(name) for name in world.remit_files], pa.string()
                ),
                "is_duplicated": pa.array(pays.is_duplicated),
            }
        ),
        "bank_deposits": files.deposits(world),
        "facility_costs": files.facility_costs(world),
    }


def _ledger(world: World) -> pa.Table:
    """All ledger entries: claim, event_type, dates, amounts, is_quarantined."""
    visits, claims, lines = world.care.encounters, world.care.claims, world.care.lines
    remits, remit_lines = world.story.remits, world.story.remit_lines
    posted = world.story.transactions
    parts: list[tuple[Ints, Ints, Ints, Ints, Ints, Ints, Ints, Ints]] = []

    def add(
        claim: Ints, kind: int | Ints, event: Ints, recorded: Ints, amounts: Ints,
        signs: tuple[int, int, int], held: Ints,
    ) -> None:  # fmt: skip
        keep = np.flatnonzero(amounts)
        amount = amounts[keep]
        kinds = np.broadcast_to(np.asarray(kind), claim.shape)[keep]
        ar, cash, memo = (amount * sign for sign in signs)
        parts.append((claim[keep], kinds, event[keep], recorded[keep], ar, cash, memo, held[keep]))

    encounter = lines.encounter
    add(
        lines.claim, _CHARGE, visits.day[encounter], visits.coded_day[encounter], lines.charge,
        (1, 0, 0), np.zeros_like(encounter),
    )  # fmt: skip
    held = (remits.unbalanced_by != 0).astype(np.int64)
    decided = (remits.payment_day, remits.era_day)
    add(remits.claim, _PAYER_PAYMENT, *decided, remits.paid, (-1, 1, 0), held)

    remit = remit_lines.remit
    on_line = (remits.payment_day[remit], remits.era_day[remit])
    claim = remits.claim[remit]
    for column in (CONTRACTUAL, SEQUESTER):
        amounts = remit_lines.adjustments[:, column]
        add(claim, _CONTRACTUAL, *on_line, amounts, (-1, 0, 0), held[remit])
    for column in (DEDUCTIBLE, COINSURANCE, COPAY):
        amounts = remit_lines.adjustments[:, column]
        add(claim, _TO_PATIENT, *on_line, amounts, (0, 0, 1), held[remit])

    to_patient = np.array(world.parameters.denials.text("group_code")) == "PR"
    kind = np.where(to_patient[remits.denial], _TO_PATIENT, _DENIAL_HOLD)
    one = np.where(remits.is_claim_level, remits.charge, 0)
    add(remits.claim, kind, *decided, one, (0, 0, 1), held)
    by_line = np.where(remits.is_claim_level[remit], 0, remit_lines.adjustments[:, DENIAL])
    add(claim, kind[remit], *on_line, by_line, (0, 0, 1), held[remit])

    is_payment = posted.kind == PATIENT_PAYMENT
    event = np.where(is_payment, posted.paid_day, posted.insert_day)
    free = np.zeros_like(posted.claim)
    for mask, signs in ((is_payment, (-1, 1, 0)), (~is_payment, (-1, 0, 0))):
        add(
            posted.claim, posted.kind + _FIRST_POSTING, event, posted.insert_day,
            np.where(mask, posted.amount, 0), signs, free,
        )  # fmt: skip

    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    who = columns[0]
    return pa.table(
        {
            "claim": who,
            "source_system": take(world.hospitals.source_systems, claims.hospital[who]),
            "claim_id": take(world.claim_ids, who),
            "event_type": take(_EVENT_TYPES, columns[1]),
            "event_date": dates(columns[2]),
            "recorded_date": dates(columns[3]),
            "ar_amount": money(columns[4]),
            "cash_amount": money(columns[5]),
            "memo_amount": money(columns[6]),
            "is_quarantined": pa.array(columns[7] != 0),
        }
    )


def _denial_events(world: World) -> pa.Table:
    remits, remit_lines, mix = world.story.remits, world.story.remit_lines, world.parameters.denials
    by_line = (remit_lines.adjustments[:, DENIAL] > 0) & ~remits.is_claim_level[remit_lines.remit]
    places = np.flatnonzero(by_line)
    whole = np.flatnonzero(remits.is_claim_level)
    remit = np.concatenate([remit_lines.remit[places], whole])
    claim, reason = remits.claim[remit], remits.denial[remit]
    line = take(world.charge_ids, remit_lines.line[places])
    return pa.table(
        {
            "source_system": take(
                world.hospitals.source_systems, world.care.claims.hospital[claim]
            ),
            "claim_id": take(world.claim_ids, claim),
            "line": pa.concat_arrays([line, pa.nulls(len(whole), pa.string())]),
            "carc": take(mix.text("carc"), reason),
            "group_code": take(mix.text("group_code"), reason),
            "category": take(mix.text("category"), reason),
            "amount": money(np.concatenate([remit_lines.charge[places], remits.charge[whole]])),
            "event_date": dates(remits.payment_day[remit]),
            "recorded_date": dates(remits.era_day[remit]),
            "is_quarantined": pa.array(remits.unbalanced_by[remit] != 0),
        }
    )


def _queries(known: str, arrived: str) -> dict[str, str]:
    """Table name → query, in the order in which they build on each other.

    `known` filters facts with recorded_date and is_quarantined, `arrived` those with arrival_date.
    """

    def cents(expression: str) -> str:
        return f"cast(coalesce({expression}, 0) as decimal(18, 2))"

    def ledger_sum(sign: str, column: str, *types: str) -> str:
        listed = ", ".join(f"'{name}'" for name in types)
        return cents(f"{sign}sum({column}) filter (where event_type in ({listed}))")

    queries = {
        "ledger_entries": f"""
            select claim, source_system, claim_id, event_type, event_date, recorded_date,
                ar_amount, cash_amount, memo_amount
            from all_ledger where {known}""",
        "denial_events": f"""
            select source_system, claim_id, line, carc, group_code, category, amount, event_date,
                recorded_date
            from all_denials where {known}
            order by all""",
        "submissions": f"""
            select c.source_system, c.claim_id, s.attempt, s.frequency_code,
                s.arrival_date as submitted_date,
                case when {arrived.replace("arrival_date", "s.ack_date")} then s.ack_date end
                    as ack_date,
                case when {arrived.replace("arrival_date", "s.ack_date")} then s.ack_status end
                    as ack_status
            from all_submissions as s join all_claims as c using (claim)
            where {arrived.replace("arrival_date", "s.arrival_date")}
            order by all""",
        "remit_claims": f"""
            select c.source_system, c.claim_id, r.source_file, r.charge_amount, r.paid_amount,
                r.patient_responsibility_amount, r.is_denied, r.event_date, r.recorded_date
            from all_remit_claims as r join all_claims as c using (claim)
            where {known}
            order by all""",
        "claims": f"""
            with sums as (
                select claim,
                    min(recorded_date) filter (where event_type = 'CHARGE') as charge_date,
                    {ledger_sum("", "ar_amount", "CHARGE")} as charge_amount,
                    {ledger_sum("-", "ar_amount", "CONTRACTUAL")} as contractual_amount,
                    {ledger_sum("", "cash_amount", "PAYER_PAYMENT")} as payer_paid_amount,
                    {ledger_sum("", "cash_amount", "PATIENT_PAYMENT")} as patient_paid_amount,
                    {ledger_sum("-", "ar_amount", *_EVENT_TYPES[6:])} as write_off_amount,
                    {cents("sum(ar_amount)")} as open_amount,
                    count(*) as entry_count
                from ledger_entries group by claim
            ),
            sent as (
                select source_system, claim_id, min(submitted_date) as first_submitted_date,
                    count(*) as submission_count,
                    arg_min(ack_status, attempt) as first_ack_status
                from submissions group by all
            ),
            decided as (
                select source_system, claim_id, min(recorded_date) as first_remit_date,
                    arg_min(is_denied, recorded_date) as is_denied_on_first_remit,
                    bool_or(is_denied) as is_ever_denied,
                    min(event_date) filter (where paid_amount > 0) as first_payer_payment_date
                from remit_claims group by all
            )
            select c.* exclude (claim), s.charge_date, sent.first_submitted_date,
                coalesce(sent.submission_count, 0) as submission_count, sent.first_ack_status,
                d.first_remit_date,
                coalesce(d.is_denied_on_first_remit, false) as is_denied_on_first_remit,
                coalesce(d.is_ever_denied, false) as is_ever_denied,
                d.first_payer_payment_date, s.charge_amount, s.contractual_amount,
                s.payer_paid_amount, s.patient_paid_amount, s.write_off_amount, s.open_amount,
                s.entry_count
            from all_claims as c join sums as s using (claim)
            left join sent on sent.source_system = c.source_system and sent.claim_id = c.claim_id
            left join decided as d
                on d.source_system = c.source_system and d.claim_id = c.claim_id
            where s.charge_date is not null
            order by c.source_system, c.claim_id""",
        "encounters": f"""
            with done as (
                select encounter, sum(work_rvu) as work_rvu, sum(charge_amount) as charge_amount
                from all_lines where {arrived} group by encounter
            )
            select e.* exclude (encounter, arrival_date), {cents("d.work_rvu")} as work_rvu,
                {cents("d.charge_amount")} as charge_amount
            from all_encounters as e left join done as d using (encounter)
            where {arrived}
            order by e.source_system, e.encounter_id""",
        "faults": f"""
            with planted as (
                select 'duplicate_file' as fault_type, 'D1' as rule_id, 'skip' as expected_action,
                    second_file as source_file, source_system, null::varchar as claim_id,
                    payment_amount as amount, arrival_date as knowable_date
                from all_remits where is_duplicated and {arrived}
                union all
                select 'unbalanced_claim', r.fault_level, 'quarantine', r.source_file,
                    c.source_system, c.claim_id, r.paid_amount, r.recorded_date
                from all_remit_claims as r join all_claims as c using (claim)
                where r.is_quarantined and {arrived.replace("arrival_date", "r.recorded_date")}
            )
            select 'F' || lpad(cast(row_number() over (
                order by knowable_date, fault_type, source_file, claim_id
            ) as varchar), 6, '0') as fault_id, *
            from planted order by fault_id""",
    }
    for name in _AS_EMITTED:
        hidden = " exclude (second_file, is_duplicated)" if name == "remits" else ""
        renamed = " rename (arrival_date as registered_date)" if name == "patients" else ""
        queries[name] = f"select *{hidden}{renamed} from all_{name} where {arrived} order by all"
    queries["ledger_entries"] += " order by all"
    queries["totals"] = _totals()
    return queries


def _totals() -> str:
    figures = {
        "charge_amount": "select sum(charge_amount) from claims",
        "contractual_amount": "select sum(contractual_amount) from claims",
        "payer_cash_amount": "select sum(payer_paid_amount) from claims",
        "patient_cash_amount": "select sum(patient_paid_amount) from claims",
        "write_off_amount": "select sum(write_off_amount) from claims",
        "open_amount": "select sum(open_amount) from claims",
        "credit_balance_amount": "select sum(open_amount) from claims where open_amount < 0",
        "denied_amount": "select sum(amount) from denial_events",
        "work_rvu": "select sum(work_rvu) from encounters",
        "remit_payment_amount": "select sum(payment_amount) from remits",
        "deposit_amount": "select sum(amount) from bank_deposits",
        "facility_cost_amount": "select sum(cost_amount) from facility_costs",
        "quarantined_payment_amount": (
            "select sum(amount) from faults where expected_action = 'quarantine'"
        ),
        "duplicate_payment_amount": "select sum(amount) from faults where expected_action = 'skip'",
        "rejected_submission_count": (
            "select count(*) from submissions where ack_status = 'rejected'"
        ),
        "denied_on_first_remit_count": (
            "select count(*) from claims where is_denied_on_first_remit"
        ),
    }
    for table in (
        "claims", "ledger_entries", "denial_events", "submissions", "remit_claims", "encounters",
        "patients", "remits", "bank_deposits", "faults",
    ):  # fmt: skip
        figures[f"{table}_count"] = f"select count(*) from {table}"
    return " union all ".join(
        f"select '{name}' as name, cast(coalesce(({query}), 0) as decimal(18, 2)) as amount"
        for name, query in figures.items()
    )
