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

_MEASURES = {
    "initial denial rate": """
        select coalesce(payer_class, 'all payers'), 100.0 * avg(is_denied::int)
        from happened_remits inner join payer_classes using (payer_id)
        where kind = 'first decision' group by grouping sets ((payer_class), ())""",
    "denial mix": """
        select category, 100.0 * count(*) / sum(count(*)) over ()
        from happened_denial_work group by category""",
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
    "net days in A/R": """
        with expected as (
            select source_system, claim_id, sum(expected_amount) as amount
            from knowable_lines group by all
        ),
        net as (
            select service_date,
                case when payer_id = 'SELF' then {self_pay} / 100.0 else 1.0 end as share,
                amount as expected,
                greatest(least(open_amount,
                    amount - payer_paid_amount - patient_paid_amount), 0) as receivable
            from knowable_claims inner join expected using (source_system, claim_id)
        ),
        last as (select max(service_date) as day from net)
        select 'all payers', sum(receivable * share) / (
            sum(expected * share) filter (where service_date > day - 92) / 92
        )
        from net, last""",
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

    Raises FileNotFoundError when there is no complete world, KeyError for an anchor that no
    measure answers.
    """
    truth = folder / "truth"
    if not truth.is_dir():
        raise FileNotFoundError(f"{folder} holds no complete world: build one with `rcm world`.")
    measured: dict[tuple[str, str], Decimal] = {}
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
            for group, value in con.execute(query.format(self_pay=SELF_PAY_PERCENT)).fetchall():
                measured[measure, group] = Decimal(str(round(float(value), 2)))
    return [
        Calibration(
            row["measure"],
            row["group"],
            row["unit"],
            Decimal(row["anchor"]),
            Decimal(row["low"]),
            Decimal(row["high"]),
            measured[row["measure"], row["group"]],
            row["source"],
        )
        for row in Table.read("anchors.csv", FOLDER).rows
    ]


def calibration_table(folder: Path) -> tuple[str, list[str], list[list[str]]]:
    """Title, columns and rows of the comparison, as text."""
    rows = [
        [c.measure, c.group, f"{c.anchor:f}", f"{c.low:f} to {c.high:f}", f"{c.measured:f}", c.unit,
         "✓" if c.is_within else "✗"]
        for c in calibrate(folder)
    ]  # fmt: skip
    columns = ["measure", "group", "anchor", "allowed", "measured", "unit", ""]
    return "Calibration", columns, rows
