"""What a page is made with: who looks, the version that is shown, the filters, and the links."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from urllib.parse import quote, urlencode

from rcm_platform.desk import filters, published
from rcm_platform.desk.query import Query, Reader, Row
from rcm_platform.desk.viewer import Viewer
from rcm_platform.explain import links
from rcm_platform.publish.audiences import LEADERSHIP
from rcm_platform.settings import Settings

SHOWN_MONTHS = 15


@dataclass(frozen=True)
class Desk:
    """One look of one viewer at one version."""

    settings: Settings
    viewer: Viewer
    reader: Reader
    age: published.Age
    chosen: filters.Filters = filters.EVERYTHING
    offered: Mapping[str, list[str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @classmethod
    def open(cls, settings: Settings, viewer: Viewer) -> Desk:
        """The current version as the viewer may read it. Raises NothingPublished, VersionGone."""
        shown = published.open_current(settings, viewer.audience)
        return cls(
            settings,
            viewer,
            Reader(shown, _facilities(shown, viewer)),
            published.age(settings, shown),
        )

    @property
    def as_of(self) -> date:
        return self.reader.published.as_of

    @cached_property
    def names(self) -> filters.Names:
        return filters.names(self.reader)

    @cached_property
    def leaders(self) -> Reader:
        """The same version as leaders read it: sums, nothing of a single claim. For those who see
        every organization."""
        return Reader(self.reader.published.of(LEADERSHIP), self.reader.facilities)

    def filtered(self, query: Query, amount: str = "outstanding_amount") -> Query:
        """A query with the filters that its mart can have."""
        return query.narrowed(*self.chosen.conditions(self.reader, self.names, query.mart, amount))

    def by_month(self, mart: str, month: str, *sums: str, latest: int = SHOWN_MONTHS) -> list[Row]:
        """Sums of the latest months, the last one at the end, with the filters of the mart."""
        query = Query(mart, (month,), sums=sums, order=(f"-{month}",), limit=latest)
        return self.reader.rows(self.filtered(query))[::-1]

    def inside(self, page: str, **asked: str) -> str:
        """The address of another page of the desk, with the same filters."""
        query = urlencode({**self.chosen.asked(), **asked}, doseq=True)
        return f"{page}?{query}" if query else page

    def claim(self, claim_key: str) -> str:
        """The address of a claim's page."""
        return self.inside("claim", id=claim_key)

    def trace(self, kpi: str, month: date | None) -> str:
        """The page that explains a KPI."""
        if month is None:
            return self.outside(f"{links.TRACE_PATH}/kpi/{quote(kpi, safe='')}")
        return self.outside(links.trace_link(kpi, month))

    def claim_trace(self, claim_key: str) -> str:
        """The page with a claim's ledger entries and the segments that they come from."""
        version = quote(self.reader.published.version.version)
        return self.outside(
            f"{links.TRACE_PATH}/claim/{quote(claim_key, safe='')}?version={version}"
        )

    def lineage(self, mart: str) -> str:
        """Where the figures of a mart come from, in the Dagster UI."""
        return self.outside(f"{links.asset_link('marts', mart)}?view=lineage")

    def outside(self, path: str) -> str:
        """An address of the Dagster UI or of the pages beside it."""
        return (self.settings.ui_url or "").rstrip("/") + path


def _facilities(shown: published.Published, viewer: Viewer) -> tuple[str, ...] | None:
    """The keys of the organizations that a viewer is limited to; None is no limit."""
    if viewer.organizations is None:
        return None
    rows = Reader(shown).rows(Query("dim_facility", ("facility_key", "facility_id")))
    return tuple(
        sorted(row["facility_key"] for row in rows if row["facility_id"] in viewer.organizations)
    )


_current: ContextVar[Desk] = ContextVar("desk")


def give(desk: Desk) -> None:
    """What the page that is shown next is made with."""
    _current.set(desk)


def here() -> Desk:
    """What this page is made with."""
    return _current.get()
