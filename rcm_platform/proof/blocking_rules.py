"""What the mart of exceptions says about publishing: findings that must be settled before."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import duckdb


@dataclass(frozen=True)
class Blocking:
    """Open findings of one rule whose action is to block; dollars, as the rule counts them."""

    rule_id: str
    description: str
    count: int
    amount: Decimal


def blocking(con: duckdb.DuckDBPyConnection) -> list[Blocking]:
    """The rules that block publishing as of the date of the warehouse; empty when none does."""
    rows = con.execute(
        """
        select rule_id, rule_description, count(*), coalesce(sum(finding_amount), 0)
        from marts.mart_data_exceptions where is_open and action = 'block'
        group by rule_id, rule_description order by rule_id
        """
    ).fetchall()
    return [Blocking(*row) for row in rows]
