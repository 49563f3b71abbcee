"""Where the Dagster UI and the pages beside it have what a figure leads to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from urllib.parse import quote

SCORECARD_PATH = "/assets/leadership/scorecard"
"""Where the Dagster UI shows the scorecard."""

TRACE_PATH = "/trace"
"""Where the Dagster webserver has what is behind each number (trace_pages)."""

DESK_PATH = "/desk"
"""Where the Dagster webserver has the operations desk."""


def asset_link(*key: str) -> str:
    """The page of an asset in the Dagster UI."""
    return "/assets/" + "/".join(key)


def lineage_link(*key: str) -> str:
    """The picture of everything upstream of an asset in the Dagster UI, by groups."""
    return selection_link(f'+key:"{"/".join(key)}"', ["leadership"])


def trace_link(kpi: str, month: date) -> str:
    """The page with what is behind a KPI of a month."""
    return f"{TRACE_PATH}/kpi/{kpi}?month={month:%Y-%m}"


def selection_link(selection: str, expanded: Iterable[str]) -> str:
    """The lineage of a selection in the Dagster UI, with these groups open.

    Without a group that is open, the UI would open those that the browser had open last.
    """
    groups = ",".join(f"global@global:{group}" for group in expanded)
    return f"/asset-groups~{quote(selection, safe='')}?expanded={quote(groups, safe='@:,')}"
