"""Is the world like the market? Measured rates and lags against the anchors of `anchors.csv`.

Everything is measured on the truth of what happened, over all visits; net days in A/R on what is
known on the last day: the net receivables (open balances, but no more than contracts leave to be
paid) over the average net revenue of a day in the last three months. An uninsured balance counts
with the share that such patients pay.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from rcm_platform.world.support.parameters import FOLDER, Table

#: What the uninsured pay of their charges, in percent: the middle of 10 to 35.
SELF_PAY_PERCENT = 22

#: Net revenue of each claim: what contracts leave to be paid, the uninsured at what they pay.
_NET = """net as (
            select source_system, claim_id, charge_amount, service_date,
                case when payer_id = 'SELF' then {self_pay} / 100.0 else 1.0 end * amount as net
            from {scope}_claims inner join (
                select source_system, claim_id, sum(expected_amount) as amount
                from {scope}_lines group by all
            ) using (source_system, claim_id)
        )"""


def _net(scope: str) -> str:
    return _NET.replace("{scope}", scope)


_MEASURES = {
    "initial denial rate": """
        select coalesce(payer_class, 'all payers'), 100.0 * avg(is_denied::int)
        from happened_remits inner join payer_classes using (payer_id)
        where kind = 'first decision' group by grouping sets ((payer_class), ())""",
    "denial mix": """
        select category, 100.0 * count(*) / sum(count(*)) over ()
        from happened_denial_work group by category""",
    "denials": f"""
        with {_net("happened")}
        select 'contested claims overturned', 100.0 * avg((outcome = 'overturned')::int)
        from happened_denial_work where action <> 'none'
        union all
        select 'written off of net revenue', 100.0 * sum(lost) / any_value(whole) from (
            select -ar_amount * least(net / nullif(charge_amount, 0), 1) as lost,
                (select sum(net) from net) as whole
            from happened_ledger_entries inner join net using (source_system, claim_id)
            where event_type in ('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF')
        )""",
    "submission to payment": """
        with accepted as (
            select source_system, claim_id, max(submitted_date) as submitted_date
            from happened_submissions where attempt <= 2 group by all
        )
        select payer_id, median(event_date - submitted_date)
        from happened_remits inner join accepted using (source_system, claim_id)
        where kind = 'first decision' group by payer_id""",
    "lag": """
        select 'service to coded', median(work_date - discharge_date)
        from happened_lines inner join happened_encounters using (source_system, encounter_id)
        union all
        select 'coded to submitted', median(first_submitted_date - charge_date)
        from happened_claims where first_submitted_date is not null
        union all
        select 'submission to acknowledgement', median(ack_date - submitted_date)
        from happened_submissions
        union all
        select 'denial to appeal', median(action_date - denied_date)
        from happened_denial_work where action = 'appeal'
        union all
        select 'appeal to decision', median(decided_date - action_date)
        from happened_denial_work where action = 'appeal'""",
    "billing": """
        with charges as (
            select lines.charge_amount, payer_id, arrival_date - discharge_date as posted_days,
                first_submitted_date - arrival_date as sent_days
            from happened_lines as lines
            inner join happened_claims as claims using (source_system, claim_id)
        )
        select 'late charges',
            100.0 * sum(charge_amount) filter (where posted_days > 3) / sum(charge_amount)
        from charges
        union all
        select 'discharged, not final billed',
            sum(charge_amount * greatest(posted_days, 0)) / sum(charge_amount)
        from charges
        union all
        select 'final billed, not submitted',
            sum(charge_amount * greatest(sent_days, 0)) filter (where payer_id <> 'SELF')
            / sum(charge_amount)
        from charges
        union all
        select 'clean claims', 100.0 * avg((first_ack_status = 'accepted')::int)
        from happened_claims where first_ack_status is not null""",
    "collections": f"""
        with {_net("happened")},
        cash as (
            select source_system, claim_id,
                sum(cash_amount) filter (where event_type in
                    ('PAYER_PAYMENT', 'PATIENT_PAYMENT', 'REFUND', 'RECOUPMENT')) as amount,
                -- what patients with cover are not expected to pay is no revenue
                -sum(ar_amount) filter (where event_type in
                    ('BAD_DEBT', 'CHARITY', 'SMALL_BALANCE') and not is_denied) as conceded
            from happened_ledger_entries inner join (
                select source_system, claim_id,
                    is_ever_denied or payer_id = 'SELF' as is_denied from happened_claims
            ) using (source_system, claim_id)
            group by all
        ),
        underpaid as (
            select source_system, claim_id,
                greatest(max(expected_amount) - max(allowed_amount), 0) as short
            from happened_remits
            where kind in ('first decision', 'correction') and not is_denied group by all
        ),
        patients as (
            select cash_amount, event_date <= service_date as is_at_visit
            from happened_ledger_entries inner join net using (source_system, claim_id)
            where event_type in ('PATIENT_PAYMENT', 'REFUND')
        )
        select 'contracts underpaid',
            100.0 * sum(greatest(expected_amount - allowed_amount, 0)) / sum(expected_amount)
        from happened_remits where kind = 'first decision'
        union all
        select 'net collection',
            100.0 * sum(amount)
            / sum(net - least(coalesce(conceded, 0) + coalesce(short, 0), net))
        from net
        left join cash using (source_system, claim_id)
        left join underpaid using (source_system, claim_id)
        union all
        select 'at the visit, of what patients pay',
            100.0 * sum(cash_amount) filter (where is_at_visit) / sum(cash_amount)
        from patients
        union all
        select 'bad debt of charges', 100.0 * (
            select -sum(ar_amount) from happened_ledger_entries where event_type = 'BAD_DEBT'
        ) / sum(charge_amount) from net""",
    "bad debt of a month": """
        with months as (
            select date_trunc('month', event_date) as month,
                -sum(ar_amount) filter (where event_type = 'BAD_DEBT')
                / sum(ar_amount) filter (where event_type = 'CHARGE') as share
            from knowable_ledger_entries
            where event_date >= (select min(service_date) + 182 from knowable_claims)
            group by all having sum(ar_amount) filter (where event_type = 'CHARGE') > 0
        )
        select 'highest over the average', max(share) / avg(share) from months""",
    "uninsured": """
        with checks as (
            select source_system, encounter_id, bool_or(payor_id = 'SELF') as found_nothing,
                bool_or(payor_id <> 'SELF') as found_cover
            from happened_eligibility_checks where encounter_id is not null group by all
        ),
        visits as (
            select source_system, encounter_id,
                bool_or(payer_id = 'SELF') or coalesce(bool_or(found_nothing), false) as had_none,
                coalesce(bool_or(found_nothing and found_cover), false) as has_cover
            from happened_claims left join checks using (source_system, encounter_id)
            where encounter_id is not null group by all
        )
        select 'visits for which cover is found', 100.0 * avg(has_cover::int)
        from visits where had_none""",
    "ages of visits": """
        with visits as (
            select date_part('year', age(encounter_date, birth_date)) as years
            from happened_encounters inner join happened_patients using (source_system, patient_id)
        )
        select 'under 18', 100.0 * avg((years < 18)::int) from visits
        union all select '65 and older', 100.0 * avg((years >= 65)::int) from visits
        union all select '80 and older', 100.0 * avg((years >= 80)::int) from visits""",
    "work of clinicians": """
        with days as (
            select max(encounter_date) - min(encounter_date) + 1 as count from happened_encounters
        )
        select 'work RVUs of a full-time year',
            sum(work_rvu) * 365.0 / any_value(days.count) / (
                select sum(fte) from happened_clinician_targets
                where year = (select max(year) from happened_clinician_targets)
            )
        from happened_encounters, days""",
    "net days in A/R": f"""
        with {_net("knowable")},
        receivables as (
            select service_date, net.net,
                case when payer_id = 'SELF' then {{self_pay}} / 100.0 else 1.0 end * greatest(least(
                    open_amount, amount - payer_paid_amount - patient_paid_amount
                ), 0) as receivable
            from knowable_claims inner join net using (source_system, claim_id, service_date)
            inner join (
                select source_system, claim_id, sum(expected_amount) as amount
                from knowable_lines group by all
            ) using (source_system, claim_id)
        ),
        last as (select max(service_date) as day from net)
        select 'all payers', sum(receivable) / (
            sum(net) filter (where service_date > day - 92) / 92
        )
        from receivables, last""",
}


@dataclass(frozen=True)
class Calibration:
    """One measure of one group, in `unit`; `low` and `high` bound what is like the market."""

    measure: str
    group: str
    unit: str
    anchor: Decimal
    low: Decimal
    high: Decimal
    measured: Decimal
    source: str

    @property
    def is_within(self) -> bool:
        return self.low <= self.measured <= self.high


def calibrate(folder: Path) -> list[Calibration]:
    """Measure the complete world in `folder` against every anchor.

    A group that nothing falls in measures 0. Raises FileNotFoundError when there is no complete
    world, KeyError for an anchor that no measure answers.
    """
    truth = folder / "truth"
    if not truth.is_dir():
        raise FileNotFoundError(f"{folder} holds no complete world: build one with `rcm world`.")
    measured: dict[str, dict[str, Decimal]] = {}
    with duckdb.connect() as con:
        for scope in ("happened", "knowable"):
            for path in (truth / scope).glob("*.parquet"):
                name = {"remit_claims": "remits", "remits": "payments"}.get(path.stem, path.stem)
                quoted = str(path).replace("'", "''")
                con.execute(f"create view {scope}_{name} as from '{quoted}'")
        payers = Table.read("payers.csv", FOLDER)
        con.execute("create table payer_classes (payer_id varchar, payer_class varchar)")
        con.executemany(
            "insert into payer_classes values (?, ?)",
            list(zip(payers.text("payer_id"), payers.text("payer_class"), strict=True)),
        )
        for measure, query in _MEASURES.items():
            found = con.execute(query.format(self_pay=SELF_PAY_PERCENT)).fetchall()
            measured[measure] = {
                group: Decimal(str(round(float(value or 0), 2))) for group, value in found
            }
    return [
        Calibration(
            row["measure"],
            row["group"],
            row["unit"],
            Decimal(row["anchor"]),
            Decimal(row["low"]),
            Decimal(row["high"]),
            measured[row["measure"]].get(row["group"], Decimal()),
            row["source"],
        )
        for row in Table.read("anchors.csv", FOLDER).rows
    ]


def calibration_table(folder: Path) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows of the comparison, as text."""
    rows = [
        [c.measure, c.group, f"{c.anchor:f}", f"{c.low:f} to {c.high:f}", f"{c.measured:f}", c.unit,
         c.source, "✓" if c.is_within else "✗"]
        for c in calibrate(folder)
    ]  # fmt: skip
    columns = ["measure", "group", "anchor", "allowed", "measured", "unit", "source", ""]
    return "Calibration", columns, rows
