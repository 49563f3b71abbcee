"""KPIs as tiles: value of the last month that is old enough to judge, target, and twelve months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from rcm_platform.desk import format as written
from rcm_platform.desk import parts
from rcm_platform.desk.desk import Desk
from rcm_platform.desk.query import Condition, Is, Query, Row
from rcm_platform.desk.style import Tone
from rcm_platform.explain.figures import Definition

MONTHLY = "mart_kpi_monthly"
TREND_MONTHS = 12

LEVELS = {
    (False, False): "total",
    (True, False): "facility",
    (False, True): "payer",
    (True, True): "facility and payer",
}
"""Whether of one organization, whether of one payer → level of aggregation."""


def show(desk: Desk, *kpis: str) -> None:
    """Tiles of these KPIs, of the organization and the payer that the filters leave."""
    level = _level(desk)
    if level is None:
        parts.show(
            parts.notice(
                "A KPI is of one organization and payer, or of all: choose one of each at most to "
                "see its value.",
                Tone.NEUTRAL,
            )
        )
        return
    months = desk.reader.rows(
        Query(
            MONTHLY,
            ("kpi", "period_month", "kpi_value", "is_mature"),
            where=(Is("kpi", kpis), *level),
            order=("kpi", "period_month"),
        )
    )
    columns = tuple(field.name for field in fields(Definition))
    known = {
        row["kpi"]: Definition(**row)
        for row in desk.reader.rows(Query("kpi_registry", columns, where=(Is("kpi", kpis),)))
    }
    parts.tiles(
        _tile(desk, known[kpi], [row for row in months if row["kpi"] == kpi])
        for kpi in kpis
        if kpi in known
    )


def _level(desk: Desk) -> tuple[Condition, ...] | None:
    """The rows of one place and payer, or of all; None where several are chosen."""
    names = desk.names
    places = list(desk.reader.facilities or ())
    if desk.chosen.organization:
        places = [key for key, name in names.facilities.items() if name in desk.chosen.organization]
    if desk.chosen.source:
        places = [key for key, source in names.sources.items() if source in desk.chosen.source]
    payers = [key for key, name in names.payers.items() if name in desk.chosen.payer]
    if len(places) > 1 or len(payers) > 1:
        return None
    level = LEVELS[bool(places), bool(payers)]
    return (
        Is("aggregation_level", (level,)),
        *((Is("facility_key", tuple(places)),) if places else ()),
        *((Is("payer_key", tuple(payers)),) if payers else ()),
    )


def _tile(desk: Desk, definition: Definition, months: list[Row]) -> parts.Tile:
    known = [row for row in months if row["kpi_value"] is not None]
    judged = [row for row in known if row["is_mature"]] or known
    if not judged:
        return parts.Tile(
            definition.label, written.EMPTY, help=definition.numerator, verdict="no value here"
        )
    last = judged[-1]
    trend = [row for row in known if row["period_month"] <= last["period_month"]][-TREND_MONTHS:]
    is_on_target = definition.is_on_target(last["kpi_value"], last["is_mature"])
    return parts.Tile(
        definition.label,
        written.measure(last["kpi_value"], definition.unit),
        help=" over ".join(_formula(definition)),
        href=desk.trace(definition.kpi, last["period_month"]),
        tone=None if is_on_target is None else Tone.GOOD if is_on_target else Tone.BAD,
        when=written.month(last["period_month"]),
        verdict=_verdict(definition, is_on_target),
        trend=[(row["period_month"], row["kpi_value"]) for row in trend],
        target=definition.target,
    )


def _verdict(definition: Definition, is_on_target: bool | None) -> parts.Markup:
    words = {True: "✓ on target: ", False: "✗ off target: ", None: ""}[is_on_target]
    limit = parts.text(definition.target_text.removeprefix("target "))
    tone = Tone.GOOD if is_on_target else Tone.BAD
    return parts.Markup(f"{parts.toned(words, tone)}{limit}" if words else limit)


def _formula(definition: Definition) -> Iterator[str]:
    yield definition.numerator
    if definition.denominator:
        yield definition.denominator
