"""Charts that several pages have, of rows that a query found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from rcm_platform.desk import format as written
from rcm_platform.desk import parts
from rcm_platform.desk.query import Row

Series = Mapping[str, tuple[str, str]]
"""Column → its label and colour."""


def months(rows: Sequence[Row], month: str, series: Series, key: str, alt: str) -> None:
    """Dollars by month as lines, one for each column."""
    figure = go.Figure()
    for column, (label, colour) in series.items():
        figure.add_scatter(
            x=[row[month] for row in rows],
            y=[float(row[column] or 0) for row in rows],
            name=label,
            mode="lines+markers",
            line={"color": colour, "width": 2.4},
            customdata=[written.money(row[column]) for row in rows],
            hovertemplate="%{customdata}",
        )
    figure.update_yaxes(tickprefix="$", tickformat="~s", nticks=5, rangemode="tozero")
    parts.chart(figure, alt, key, 280)


def stacked(
    rows: Sequence[Row], x: str, series: Series, key: str, alt: str, *, is_money: bool = True
) -> None:
    """Amounts or counts as bars on top of each other, one for each column."""
    figure = go.Figure()
    show = written.money if is_money else written.count
    for column, (label, colour) in series.items():
        figure.add_bar(
            x=[row[x] for row in rows],
            y=[float(row[column] or 0) for row in rows],
            name=label,
            marker_color=colour,
            customdata=[show(row[column]) for row in rows],
            hovertemplate="%{customdata}",
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickprefix="$" if is_money else "", tickformat="~s", nticks=5)
    parts.chart(figure, alt, key, 280)


def ranked(rows: Sequence[Row], name: str, amount: str, colour: str, key: str, alt: str) -> None:
    """Dollars by name as bars, in the order of the rows from the top."""
    figure = go.Figure(
        go.Bar(
            x=[float(row[amount] or 0) for row in rows],
            y=[row[name] or written.EMPTY for row in rows],
            orientation="h",
            marker_color=colour,
            text=[written.short_money(row[amount]) for row in rows],
            customdata=[written.money(row[amount]) for row in rows],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(autorange="reversed")
    parts.chart(figure, alt, key, max(34 * len(rows) + 40, 160))
