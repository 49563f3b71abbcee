"""Conservation: what came in is what is reported, to the cent, the unit of work and the byte.

Each figure is read from raw by a query of its own, that shares nothing with the models it proves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from rcm_platform.lake import Lake

HOSPITALS = ("hospital_a", "hospital_b")

# lists without a date of change: visible at every as-of date
UNDATED = ("departments", "providers", "staff")


@dataclass(frozen=True)
class ProofLine:
    """One quantity of one source at each place where it must be the same.

    `figures` maps place (raw, ledger, mart, ...) → amount; `unit` is dollars, wRVU, rows or bytes.
    """

    subject: str
    scope: str
    unit: str
    figures: dict[str, Decimal]

    @property
    def passed(self) -> bool:
        return len(set(self.figures.values())) <= 1

    @property
    def amount(self) -> Decimal:
        """The amount at the source."""
        return next(iter(self.figures.values()))

    @property
    def unexplained(self) -> Decimal:
        """The largest difference between two places."""
        return max(self.figures.values()) - min(self.figures.values())


def prove(con: duckdb.DuckDBPyConnection, lake: Lake, as_of: date) -> dict[str, list[ProofLine]]:
    """Every conservation proof on the warehouse behind `con`: subject → its lines."""
    raw = _Raw(con, lake, as_of)
    return {
        "charges": list(_charges(raw)),
        "cash": list(_cash(raw)),
        "wrvu": list(_work(raw)),
        "rows": list(_rows(raw)),
        "remittances": list(_remittances(raw)),
    }


def account_for_bytes(lake: Lake) -> list[ProofLine]:
    """Bytes received = loaded + quarantined + duplicate + padding, per source system."""
    with duckdb.connect() as con:
        rows = con.execute(
            f"""
            select source_system, sum(byte_count),
                sum(loaded_byte_count + quarantined_byte_count
                    + duplicate_byte_count + padding_byte_count)
            from {lake.scan("platform", "received_files")}
            group by source_system order by source_system
            """
        ).fetchall()
    return [
        ProofLine("bytes", source, "bytes", {"received": Decimal(a), "accounted": Decimal(b)})
        for source, a, b in rows
    ]


@dataclass(frozen=True)
class _Raw:
    con: duckdb.DuckDBPyConnection
    lake: Lake
    as_of: date

    def visible(self, feed: str, table: str) -> str:
        """The rows of a raw table that had arrived by the as-of date."""
        scan = self.lake.scan(feed, table)
        return f"(select * from {scan} where _arrival_date <= date '{self.as_of}')"

    def latest(self, feed: str, table: str, key: str) -> str:
        """Of those, the last version of each key."""
        return f"""(
            select * from {self.visible(feed, table)}
            qualify row_number() over (
                partition by {key} order by _arrival_date desc, modifieddate desc
            ) = 1
        )"""

    def last_export(self, feed: str, table: str) -> str:
        """Of those, the rows of the last export: one export restates everything."""
        return f"""(
            select * from {self.visible(feed, table)} as rows_of_all_exports
            qualify _batch_id = first(_batch_id) over (
                order by _arrival_date desc, _loaded_at desc, _batch_id desc
            )
        )"""

    @property
    def payments(self) -> str:
        """The payments of 835s, each once, however often it was delivered."""
        return f"""(
            select * from {self.visible("x12", "remit_payments")} as every_delivery
            qualify trace_number is null or row_number() over (
                partition by _source_system, trace_number, originating_company_id, payment_date,
                    payment_amount, payee_npi, payee_tin
                order by _arrival_date, interchange_sha256, transaction_no
            ) = 1
        )"""

    def sum(self, query: str) -> Decimal:
        return Decimal(self.con.execute(query).fetchall()[0][0] or 0)


def _charges(raw: _Raw) -> Iterable[ProofLine]:
    sources = {
        hospital: f"""select sum(amount)
            from {raw.latest(hospital, "transactions", "transactionid")}
            where lower(amounttype) in ('charge', 'charge correction')"""
        for hospital in HOSPITALS
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
        where lower(amounttype) in ('patient payment', 'refund')"""
        for hospital in HOSPITALS
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
    yield ProofLine(
        "cash",
        "all sources",
        "dollars",
        {
            "raw": sum((raw.sum(query) for query in [*patient, *payer, synthea]), Decimal(0)),
            "ledger": raw.sum("select sum(cash_amount) from marts.fct_ledger_entries"),
            "marts": raw.sum("select sum(cash_amount) from marts.mart_clinician_productivity"),
        },
    )


def _work(raw: _Raw) -> Iterable[ProofLine]:
    for hospital in HOSPITALS:
        yield ProofLine(
            "wrvu",
            hospital,
            "wRVU",
            {
                "raw": raw.sum(
                    f"""select sum(workrvu * units)
                    from {raw.latest(hospital, "procedures", "procedureid")}"""
                ),
                "encounters": raw.sum(
                    f"""select sum(work_rvu) from marts.fct_encounters
                    where source_system = '{hospital}'"""
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


def _rows(raw: _Raw) -> Iterable[ProofLine]:
    staged = raw.con.execute(
        "select table_name from duckdb_tables() where schema_name = 'staging' order by 1"
    ).fetchall()
    for (model,) in staged:
        feed, _, table = model.removeprefix("stg_").partition("__")
        # the other feeds are reference lists: their staging keeps the last version of each key
        if feed in (*HOSPITALS, "x12"):
            arrived = raw.lake.scan if table in UNDATED else raw.visible
            yield ProofLine(
                "rows",
                f"{feed}.{table}",
                "rows",
                {
                    "raw": raw.sum(f"select count(*) from {arrived(feed, table)}"),
                    "staging": raw.sum(f"select count(*) from staging.{model}"),
                },
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


def summary(con: duckdb.DuckDBPyConnection, lake: Lake, as_of: date) -> dict[str, str]:
    """Dollars proven, dollars unexplained and dollars in quarantine, as text for the record."""
    proven = prove(con, lake, as_of)
    dollars = [line for lines in proven.values() for line in lines if line.unit == "dollars"]
    quarantined = con.execute(
        f"""select coalesce(sum(dollar_amount), 0) from {lake.scan("platform", "quarantine")}
        where _arrival_date <= date '{as_of}'"""
    ).fetchall()[0][0]
    return {
        "charges": str(sum(line.amount for line in proven["charges"])),
        "cash": str(sum(line.amount for line in proven["cash"])),
        "unexplained": str(sum(line.unexplained for line in dollars)),
        "quarantined": str(quarantined),
    }
