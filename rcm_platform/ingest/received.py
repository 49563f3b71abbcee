"""What each source delivered so far: files, bytes, dollars, and whether it is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rcm_platform.ingest import feeds
from rcm_platform.lake import UNDATED, Lake
from rcm_platform.settings import Settings

KNOWN_GAPS = 30
PATIENT_GAPS = 2
"""A source has stopped when it is silent for more than so many times its longest gap of late."""

_FEWEST_GAPS = 3


@dataclass(frozen=True)
class Delivery:
    """What a source delivered up to a day: when last, and how long it was silent before, at most.

    Days; `usual_gap` is None while too little arrived to tell.
    """

    source: str
    latest: date | None
    silent_days: int | None
    usual_gap: int | None

    @property
    def is_current(self) -> bool:
        if self.silent_days is None or self.usual_gap is None:
            return True
        return self.silent_days <= PATIENT_GAPS * self.usual_gap

    def __str__(self) -> str:
        return (
            f"{self.source} has delivered nothing for {self.silent_days} days, since "
            f"{self.latest}; before, it was never silent for more than {self.usual_gap}. Ask who "
            "sends it, and whether it still comes to the place that the settings name."
        )


@dataclass(frozen=True)
class Received:
    """All files (or extracts) of a source; `dollar_amount` is None where they name none."""

    source: str
    files: int
    byte_count: int
    row_count: int
    dollar_amount: Decimal | None


@dataclass(frozen=True)
class ReceivedFile:
    """A file that was received, and what became of it."""

    source: str
    name: str
    status: str
    byte_count: int
    held_byte_count: int
    row_count: int
    dollar_amount: Decimal | None
    arrival_date: date


def received(lake: Lake) -> list[Received]:
    """What each source delivered so far."""
    rows = lake.query(
        f"""
        select source_system, count(*) filter (status <> 'replayed'), sum(byte_count),
            sum(row_count), sum(dollar_amount)
        from {lake.scan("platform", "received_files")}
        group by source_system order by source_system
        """
    )
    return [Received(*row) for row in rows]


def newest_files(lake: Lake, limit: int) -> list[ReceivedFile]:
    """The files that were loaded last, and of those what arrived last first."""
    rows = lake.query(
        f"""
        select source_system, source_file, status, byte_count, quarantined_byte_count, row_count,
            dollar_amount, arrival_date
        from {lake.scan("platform", "received_files")} where status <> 'replayed'
        order by _loaded_at desc, arrival_date desc, source_file limit {limit}
        """
    )
    return [ReceivedFile(*row) for row in rows]


def deliveries(settings: Settings, lake: Lake, as_of: date) -> list[Delivery]:
    """What each source of these settings delivered by a day; undated files say nothing of when.

    People enter something when there is something to enter: that has no usual gap.
    """
    sources = sorted(feeds.locations(settings))
    entered = ", ".join(f"'{name}'" for name in feeds.OWN)
    rows = lake.query(
        f"""
        with days as (
            select distinct source_system, arrival_date
            from {lake.scan("platform", "received_files")}
            where arrival_date > date '{UNDATED}' and arrival_date <= date '{as_of}'
        ), gaps as (
            select *,
                arrival_date - lag(arrival_date) over (
                    partition by source_system order by arrival_date
                ) as gap,
                row_number() over (
                    partition by source_system order by arrival_date desc
                ) as recency
            from days
        )
        select source_system, max(arrival_date), date '{as_of}' - max(arrival_date),
            case when source_system not in ({entered}) and count(gap) >= {_FEWEST_GAPS}
                then max(gap) filter (recency <= {KNOWN_GAPS}) end
        from gaps group by source_system
        """
    )
    found = {source: Delivery(source, *figures) for source, *figures in rows}
    return [found.get(source, Delivery(source, None, None, None)) for source in sources]
