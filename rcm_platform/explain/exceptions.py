"""What breaks a rule, as readers see it: from the mart of exceptions of a published version."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

import duckdb

SHORT = 8
"""How many characters of a key commands show."""


class UnknownException(Exception):  # noqa: N818 (what was asked for does not exist)
    """No exception has this id, or several do; the message says what to do."""


@dataclass(frozen=True)
class DataException:
    """One finding of the mart; dollars as its rule counts them, None where unknown."""

    finding_key: str
    rule_id: str
    rule_family: str
    rule_description: str
    next_step: str
    severity: str
    action: str
    source_system: str
    record_type: str
    record_id: str | None
    finding_amount: Decimal | None
    found_date: date | None
    """None for what was held with a file that tells no day; so is its age."""
    resolved_date: date | None
    is_open: bool
    age_days: int | None
    detail: str | None
    source_file: str | None
    source_position: str | None
    decision: str | None
    decision_reason: str | None
    decided_by: str | None
    decision_date: date | None
    waived_until_date: date | None

    @property
    def short_id(self) -> str:
        """What commands show and accept of its key."""
        return self.finding_key[:SHORT]

    @property
    def is_held(self) -> bool:
        """Whether it is an item of quarantine, whose number then is `record_id`."""
        return self.record_type.startswith("held ")

    @property
    def status(self) -> str:
        """open, settled by a later record, or what someone decided."""
        if self.is_open:
            return "open"
        if self.decision == "waived":
            return f"waived until {self.waived_until_date}"
        return self.decision or "settled"


@dataclass(frozen=True)
class RuleTotal:
    """The open exceptions of one rule: dollars, as the rule counts them."""

    rule_id: str
    description: str
    count: int
    amount: Decimal
    oldest_days: int | None


_COLUMNS = ", ".join(field.name for field in fields(DataException))


def exceptions(
    con: duckdb.DuckDBPyConnection,
    *,
    rule: str | None = None,
    source: str | None = None,
    since: date | None = None,
    only_open: bool = True,
    id_begins: str = "",
) -> list[DataException]:
    """Exceptions of a published version, the most dollars first, then the oldest.

    Raises UnknownException where an earlier release published it.
    """
    held = {name for name, *_ in con.execute("describe mart_data_exceptions").fetchall()}
    if not held >= {field.name for field in fields(DataException)}:
        raise UnknownException(
            "An earlier release published these figures: run `rcm run` once, and ask again."
        )
    rows = con.execute(
        f"""
        select {_COLUMNS} from mart_data_exceptions
        where ($rule is null or rule_id = $rule)
            and ($source is null or source_system = $source)
            and coalesce(found_date >= $since, true)
            and (is_open or not $only_open)
            and starts_with(finding_key, $id_begins)
        order by abs(coalesce(finding_amount, 0)) desc, found_date, finding_key
        """,
        {
            "rule": rule,
            "source": source,
            "since": since,
            "only_open": only_open,
            "id_begins": id_begins,
        },
    ).fetchall()
    return [DataException(*row) for row in rows]


def find(con: duckdb.DuckDBPyConnection, finding_key: str) -> DataException:
    """The exception with this key, or with the only key that begins so.

    Raises UnknownException where there is none, or several.
    """
    found = exceptions(con, only_open=False, id_begins=finding_key) if finding_key else []
    if not found:
        raise UnknownException(
            f"No exception has the id {finding_key!r}: `rcm exceptions list --all` shows the ids."
        )
    if len(found) > 1:
        raise UnknownException(
            f"{len(found):,} exceptions have an id that begins with {finding_key}: say more of it."
        )
    return found[0]


def open_totals(con: duckdb.DuckDBPyConnection) -> list[RuleTotal]:
    """Open exceptions by rule, the most dollars first. Two rules may be about the same dollars."""
    rows = con.execute(
        """
        select rule_id, any_value(rule_description), count(*),
            coalesce(sum(finding_amount), 0) as amount, max(age_days)
        from mart_data_exceptions where is_open
        group by rule_id order by abs(amount) desc, rule_id
        """
    ).fetchall()
    return [RuleTotal(*row) for row in rows]


def payments(con: duckdb.DuckDBPyConnection, wanted: str) -> list[tuple[str, Decimal]]:
    """(key, dollars) of the payments with a trace number, or with the key that begins so."""
    rows = con.execute(
        """
        select remit_payment_key, remitted_amount from mart_cash_reconciliation
        where trace_number = $wanted or starts_with(remit_payment_key, $wanted)
        order by remit_payment_key
        """,
        {"wanted": wanted},
    ).fetchall()
    return [(str(key), amount) for key, amount in rows]
