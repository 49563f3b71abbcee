"""The KPIs as a page of markdown: how each is defined, and its value beside the market.

Reads a published file, and computes nothing: `mart_kpi_market` and the registry have it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from rcm_platform.explain.variance import show

OUTSIDE = ("below", "above")


@dataclass(frozen=True)
class Standing:
    """A KPI beside its market range; the reason is that of the synthetic world, if any."""

    kpi: str
    label: str
    unit: str
    is_headline: bool
    first_month: date | None
    last_month: date | None
    value: Decimal | None
    low: Decimal | None
    high: Decimal | None
    source: str
    standing: str
    reason: str | None

    @property
    def is_unexplained(self) -> bool:
        """Whether it is a headline outside its range, and nobody says why."""
        return self.is_headline and self.standing in OUTSIDE and not self.reason


def standings(con: duckdb.DuckDBPyConnection, is_world: bool) -> list[Standing]:
    """Each KPI in the registry's order; with reasons only of the synthetic world."""
    rows = con.execute(
        """
        select m.kpi, m.label, m.unit, m.is_headline, m.first_month, m.last_month, m.kpi_value,
            m.market_low, m.market_high, m.market_source, m.market_standing,
            case when $is_world then r.world_reason end
        from mart_kpi_market as m inner join kpi_registry as r using (kpi)
        order by r.rowid
        """,
        {"is_world": is_world},
    ).fetchall()
    return [Standing(*row) for row in rows]


def page(con: duckdb.DuckDBPyConnection, is_world: bool) -> str:
    """The page: values beside the market, headlines first, then the definitions."""
    [(as_of,)] = con.execute("select as_of from published_version").fetchall()
    found = standings(con, is_world)
    definitions = con.execute(
        """
        select label, kpi, standard, numerator, coalesce(denominator, ''), exclusions, maturity,
            unit
        from kpi_registry order by rowid
        """
    ).fetchall()
    of_what = "the synthetic world" if is_world else "these data"
    values = [
        "KPI", "Value", "Months", "Market range", "Stands", "Source of the range",
        *(["Why outside"] if is_world else []),
    ]  # fmt: skip
    return "\n\n".join(
        (
            "# KPIs: definitions, and values beside the market",
            f"Made by `rcm kpis` from what was published of {of_what} as of {as_of}. A flow is of"
            " its last twelve mature months together, a balance of its last mature month. The"
            " ranges stand in the seed `kpi_registry`, values and ranges in `mart_kpi_market`.",
            "## Headlines",
            _table(values, (_row(one, is_world) for one in found if one.is_headline)),
            "## Other KPIs",
            _table(values, (_row(one, is_world) for one in found if not one.is_headline)),
            "## Definitions",
            "A KPI follows a HFMA MAP Key (in our words), a report in use, or a definition of our"
            " own. A month is judged when it is mature; before that its value still moves, and it"
            " is shown as neither good nor bad.",
            _table(
                ("KPI", "Follows", "Is", "Over", "Left out", "Mature", "Unit"),
                ((f"{label} (`{kpi}`)", *rest) for label, kpi, *rest in definitions),
            ),
        )
    ) + "\n"  # fmt: skip


def _row(one: Standing, is_world: bool) -> Sequence[str]:
    value = "none" if one.value is None else show(one.value, one.unit)
    months = " to ".join(sorted({f"{m:%Y-%m}" for m in (one.first_month, one.last_month) if m}))
    market = ("", "")
    if one.low is not None and one.high is not None:
        market = (f"{show(one.low, one.unit)} to {show(one.high, one.unit)}", one.standing)
    reason = [one.reason or ""] if is_world else []
    return (f"{one.label} (`{one.kpi}`)", value, months, *market, one.source, *reason)


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
