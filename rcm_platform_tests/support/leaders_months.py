"""Which headlines leaders see month by month."""

from __future__ import annotations

import duckdb


def headlines_by_month(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The headlines of a leaders' file that have months. Of what happens to fewer than eleven
    people a month, as in a tiny world, all months stand merged.
    """
    rows = con.execute(
        "select kpi, bool_or(period_month is not null) from mart_kpi_scorecard group by kpi"
    ).fetchall()
    found = {kpi for kpi, has_months in rows if has_months}
    assert len(rows) == 6
    assert len(found) >= 5
    return found
