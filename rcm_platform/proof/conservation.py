"""Conservation: what came in is what is reported, to the cent, the unit of work and the byte.

Each figure is read from raw by a query of its own, that shares nothing with the models it proves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

from rcm_platform.ingest.quarantine import items
from rcm_platform.proof.line import ProofLine
from rcm_platform.settings import PAPER_REMITTANCES
from rcm_platform.sources.hospital_tables import BELONGS_TO, USUAL
from rcm_platform.sources.hospitals import Hospital
from rcm_platform.sources.tabular import quoted

if TYPE_CHECKING:
    from rcm_platform.lake import Lake

# lists without a date of change: visible at every as-of date
UNDATED = ("departments", "providers", "staff")


def prove(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    as_of: date,
    hospitals: Mapping[str, Hospital],
    subjects: Iterable[str] | None = None,
) -> dict[str, list[ProofLine]]:
    """Conservation on the warehouse behind `con`: subject → its lines; default: every subject."""
    raw = _Raw(con, lake, as_of, hospitals)
    proofs: dict[str, Callable[[_Raw], Iterable[ProofLine]]] = {
        "charges": _charges,
        "cash": _cash,
        "wrvu": _work,
        "rows": _rows,
        "remittances": _remittances,
    }
    with lake.reading():
        return {
            subject: list(proofs[subject](raw))
            for subject in (proofs if subjects is None else subjects)
        }


@dataclass(frozen=True)
class _Raw:
    con: duckdb.DuckDBPyConnection
    lake: Lake
    as_of: date
    hospitals: Mapping[str, Hospital]

    def visible(self, feed: str, table: str) -> str:
        """The rows of a raw table that had arrived by the as-of date."""
        return f"""(
            select * from {self.everything(feed, table)} where _arrival_date <= date '{self.as_of}'
        )"""

    def everything(self, feed: str, table: str) -> str:
        """The rows of a raw table; a hospital's under the usual column names also."""
        own = self.hospitals[feed].columns.get(table, {}) if feed in self.hospitals else {}
        renamed = "".join(f"{quoted(name)} as {usual}, " for usual, name in own.items())
        return f"(select {renamed}* from {self.lake.scan(feed, table)})"

    def latest(self, feed: str, table: str, key: str) -> str:
        """Of those, the last version of each key that is not deleted by then."""
        return f"""(
            select * from {self.visible(feed, table)}
            where {key} not in {self.deleted(feed, table)}
            qualify row_number() over (
                partition by trim({key}) order by _arrival_date desc,
                    coalesce(_noticed_at, modifieddate) desc, _source_position desc
            ) = 1
        )"""

    def deleted(self, feed: str, table: str) -> str:
        """Keys of a hospital's table that are not in its database any more, as far as noticed."""
        return f"""(
            select record_id from {self.visible(feed, "deleted_rows")}
            where table_name = '{table}'
            group by record_id having count(*) filter (event = 'deleted')
                > count(*) filter (event = 'returned')
        )"""

    def last_export(self, feed: str, table: str) -> str:
        """Of those, the rows of the last export that was named: one export restates everything."""
        files = self.visible(feed, "export_files")
        return f"""(
            select * from {self.everything(feed, table)} where (_batch_id, _source_file) in (
                select (loaded_batch_id, loaded_file) from {files}
                where table_name = '{table}'
                    and _batch_id = (select max_by(_batch_id, _loaded_at) from {files})
            )
        )"""

    @property
    def payments(self) -> str:
        """The payments of 835s, each once, however often it was delivered. Which delivery repeats
        another is judged by the warehouse (D3); that it does is seen in the raw rows: the same
        payer, no other number, and a claim in common; of one that was entered from paper, which
        names its payer and number otherwise, a claim in common."""
        every, claims = self.visible("x12", "remit_payments"), self.visible("x12", "remit_claims")
        key = "interchange_sha256, transaction_no"
        return f"""(
            with contents as (
                select {key}, every_delivery._source_system, originating_company_id,
                    nullif(trim(every_delivery.trace_number), '') as trace_number,
                    patient_control_number, charge_amount, paid_amount
                from {every} as every_delivery left join {claims} as claims using ({key})
            ),
            repeated as (
                select * from contents semi join (
                    select {key} from intermediate.int_cash__received_payments
                    where delivery_number > 1
                ) using ({key})
            )
            select * from {every} as every_delivery
            where ({key}) not in (
                select (repeated.interchange_sha256, repeated.transaction_no)
                from repeated
                inner join (select * from contents anti join repeated using ({key})) as counted
                    on (
                        repeated._source_system = '{PAPER_REMITTANCES}'
                        or repeated._source_system = counted._source_system
                        and coalesce(repeated.trace_number = counted.trace_number, true)
                        and repeated.originating_company_id
                            is not distinct from counted.originating_company_id
                        and repeated.charge_amount is not distinct from counted.charge_amount
                        and repeated.paid_amount is not distinct from counted.paid_amount
                    )
                    and repeated.patient_control_number
                        is not distinct from counted.patient_control_number
                    and abs(repeated.charge_amount) is not distinct from abs(counted.charge_amount)
                    and abs(repeated.paid_amount) is not distinct from abs(counted.paid_amount)
            )
        )"""

    @property
    def latest_deposits(self) -> str:
        """Bank deposits, each as the last file gives it; hospitals number them each for themselves,
        and one that comes again for another hospital, all else equal, is one."""
        last_first = "order by _arrival_date desc, _loaded_at desc, _batch_id desc"
        return f"""(
            select * from (
                select * from {self.visible("treasury", "bank_deposits")}
                qualify row_number() over (
                    partition by trim(deposit_id), trim(hospital) {last_first}
                ) = 1
            )
            qualify row_number() over (
                partition by trim(deposit_id), trim(deposit_date), trim(amount),
                    trim(trace_number) {last_first}
            ) = 1
        )"""

    def sum(self, query: str) -> Decimal:
        return Decimal(self.con.execute(query).fetchall()[0][0] or 0)


def _charges(raw: _Raw) -> Iterable[ProofLine]:
    sources = {
        hospital: f"""select sum(amount)
            from {raw.latest(hospital, "transactions", "transactionid")}
            where lower(trim(amounttype)) in (
                select lower(amount_type) from seeds.transaction_types
                where event_type in ('CHARGE', 'CHARGE_CORRECTION')
            )"""
        for hospital in raw.hospitals
    } | {
        "synthea": f"""select sum(cast(amount as decimal(18, 2)))
            from {raw.last_export("synthea", "claims_transactions")} where type = 'CHARGE'"""
    }
    for source, query in sources.items():
        yield ProofLine(
            "charges",
            source,
            "dollars",
            {
                "raw": raw.sum(query),
                "ledger": raw.sum(
                    f"""select sum(ar_amount) from marts.fct_ledger_entries
                    inner join marts.fct_claims using (claim_key)
                    where event_type in ('CHARGE', 'CHARGE_CORRECTION')
                        and fct_ledger_entries.source_system = '{source}'
                        and known_from = 'billing system'"""
                ),
                "marts": raw.sum(
                    f"""select sum(charge_amount) from marts.fct_claims
                    where source_system = '{source}' and known_from = 'billing system'"""
                ),
            },
        )


def _cash(raw: _Raw) -> Iterable[ProofLine]:
    patient = [
        f"""select sum(paidamount) from {raw.latest(hospital, "transactions", "transactionid")}
        where lower(trim(amounttype)) in (
            select lower(amount_type) from seeds.transaction_types
            where event_type in ('PATIENT_PAYMENT', 'PAYER_PAYMENT', 'REFUND')
                or paid_amount_type is not null
        )"""
        for hospital in raw.hospitals
    ]
    payer = [
        f"""select sum(paid_amount) from {raw.visible("x12", "remit_claims")}
        semi join {raw.payments} using (interchange_sha256, transaction_no)
        where claim_status_code is distinct from '25'""",
        f"""select -sum(amount) from {raw.visible("x12", "remit_provider_adjustments")}
        semi join {raw.payments} using (interchange_sha256, transaction_no)""",
    ]
    synthea = f"""select sum(cast(payments as decimal(18, 2)))
        from {raw.last_export("synthea", "claims_transactions")} where type = 'PAYMENT'"""
    # a payer's deposit that no remittance explains is cash too: which ones is judged by their
    # matches, how much by the bank's own file
    unapplied = f"""select sum(try_cast(amount as decimal(18, 2)))
        from {raw.latest_deposits} as deposits where exists (
            select * from intermediate.int_cash__unapplied_deposits as unapplied
            where applied_date is null and unapplied.deposit_id in (
                trim(deposits.deposit_id), trim(hospital) || '/' || trim(deposits.deposit_id)
            )
        )"""
    queries = [*patient, *payer, synthea, unapplied]
    yield ProofLine(
        "cash",
        "all sources",
        "dollars",
        {
            "raw": sum((raw.sum(query) for query in queries), Decimal(0)),
            "ledger": raw.sum("select sum(cash_amount) from marts.fct_ledger_entries"),
            "marts": raw.sum(
                "select sum(cash_amount + facility_cash_amount)"
                " from marts.mart_clinician_productivity"
            ),
        },
    )
    yield ProofLine(
        "cash",
        "bank deposits",
        "dollars",
        {
            "raw": raw.sum(
                f"select sum(try_cast(amount as decimal(18, 2))) from {raw.latest_deposits}"
            ),
            "matched or listed": raw.sum(
                "select sum(deposit_amount) from intermediate.int_cash__deposits"
            ),
        },
    )


def _work(raw: _Raw) -> Iterable[ProofLine]:
    for hospital in raw.hospitals:
        yield ProofLine(
            "wrvu",
            hospital,
            "wRVU",
            {
                "raw": raw.sum(_work_recorded(raw, hospital)),
                # work of a visit that nobody knows is set aside (rule N5)
                "encounters and set aside": raw.sum(
                    f"""select sum(work_rvu) from (
                        select work_rvu from marts.fct_encounters
                        where source_system = '{hospital}'
                        union all
                        select total_work_rvu from intermediate.int_procedure__current
                        where source_system = '{hospital}' and encounter_key is null
                    )"""
                ),
            },
        )
    yield ProofLine(
        "wrvu",
        "all sources",
        "wRVU",
        {
            "encounters": raw.sum("select sum(work_rvu) from marts.fct_encounters"),
            "marts": raw.sum("select sum(work_rvu) from marts.mart_clinician_productivity"),
        },
    )


def _work_recorded(raw: _Raw, hospital: str) -> str:
    """The wRVU of a hospital's procedures or, where it lists none, of the codes of its visits."""
    procedures = raw.latest(hospital, "procedures", "procedureid")
    if raw.sum(f"select count(*) from {procedures}"):
        return f"select sum(workrvu * units) from {procedures}"
    return f"""select sum(codes.work_rvu)
        from {raw.latest(hospital, "encounters", "encounterid")} as visits
        join seeds.procedure_codes as codes on visits.procedurecode = codes.procedure_code"""


def _rows(raw: _Raw) -> Iterable[ProofLine]:
    staged = raw.con.execute(
        # views, too: another engine's tables are read by them
        "select distinct table_name from duckdb_columns() where schema_name = 'staging' order by 1"
    ).fetchall()
    # the other feeds are reference lists: their staging keeps the last version of each key
    for feed in (*raw.hospitals, "x12"):
        is_hospital = feed in raw.hospitals
        prefix = "stg_hospital__" if is_hospital else f"stg_{feed}__"
        whose = f"where source_system = '{feed}'" if is_hospital else ""
        for model in (name for (name,) in staged if name.startswith(prefix)):
            table = model.removeprefix(prefix)
            arrived = raw.everything if table in UNDATED else raw.visible
            count = f"select count(*) from {arrived(feed, table)}"
            staged_rows = raw.sum(f"select count(*) from staging.{model} {whose}")
            if is_hospital and table in USUAL:
                records = {USUAL[table].key[0]: table} | BELONGS_TO.get(table, {})
                gone = " or ".join(
                    f"{column} in {raw.deleted(feed, owner)}" for column, owner in records.items()
                )
                staged_rows += raw.sum(f"{count} where {gone}")
            yield ProofLine(
                "rows",
                f"{feed}.{table}",
                "rows",
                {"raw": raw.sum(count), "staging or deleted": staged_rows},
            )


def _remittances(raw: _Raw) -> Iterable[ProofLine]:
    yield ProofLine(
        "remittances",
        "all payers",
        "dollars",
        {
            "announced": raw.sum(
                f"select sum(payment_amount) from {raw.visible('x12', 'remit_payments')}"
            ),
            "posted, adjusted, quarantined or repeated": raw.sum(
                """select sum(posted_amount + provider_adjustment_amount + quarantined_amount)
                from marts.mart_cash_reconciliation"""
            )
            + raw.sum(
                """select sum(payment_amount) from intermediate.int_cash__received_payments
                where delivery_number > 1"""
            ),
        },
    )


def summary(
    con: duckdb.DuckDBPyConnection, lake: Lake, as_of: date, hospitals: Mapping[str, Hospital]
) -> dict[str, str]:
    """Dollars proven, dollars unexplained, dollars open in quarantine, and what payers announced by
    how far it is reconciled, as text for the record."""
    raw = _Raw(con, lake, as_of, hospitals)
    with lake.reading():
        charges, cash = list(_charges(raw)), list(_cash(raw))
        # of what is no money (rows, work), the checks before have the proof
        dollars = [line for line in [*charges, *cash, *_remittances(raw)] if line.unit == "dollars"]
        quarantined = sum(dollars for *_, dollars in items.open_totals(lake, as_of))
    reconciled = dict(
        con.execute(
            "select reconciliation_status, sum(remitted_amount) "
            "from marts.mart_cash_reconciliation group by reconciliation_status"
        ).fetchall()
    )
    return {
        "charges": str(sum(line.amount for line in charges)),
        # the deposits of whoever pays are proven beside the cash that is in the ledger
        "cash": str(sum(line.amount for line in cash if "ledger" in line.figures)),
        "unexplained": str(sum(line.unexplained for line in dollars)),
        "quarantined": str(quarantined),
        **{
            f"remitted_{status.replace(' ', '_')}": str(reconciled.get(status, Decimal(0)))
            for status in ("matched", "timing", "known exception", "unmatched")
        },
    }
