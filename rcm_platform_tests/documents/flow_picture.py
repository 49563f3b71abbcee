"""The picture of the whole flow, from the sources to the scorecard: seven boxes with what a run
moved through them.

Assets and arrows are those of the graph, rows and dollars those of the lake, the warehouse and the
proof. `make pictures` draws it for the README.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from xml.sax.saxutils import escape

import duckdb

from rcm_platform.explain import scorecard
from rcm_platform.ingest import lake_access
from rcm_platform.proof import conservation
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import LEADERSHIP
from rcm_platform.settings import Settings
from rcm_platform.sources.hospitals import hospitals
from rcm_platform.warehouse import tables as warehouse_tables

Graph = Mapping[str, tuple[str, Collection[str]]]
"""Asset (`schema/name`) → its group, and the assets that it is made of."""

# the order of the flow: title → what the names of its groups begin with
LAYERS: Mapping[str, str] = {
    "Sources": "sources",
    "Raw": "raw",
    "Staging": "staging",
    "Intermediate": "intermediate",
    "Marts": "marts",
    "Published": "published",
    "Scorecard": "leadership",
}


@dataclass(frozen=True)
class Box:
    """A layer: how many assets it has, and its figures as (figure, what it is)."""

    title: str
    assets: int
    figures: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Palette:
    """The colours of a picture."""

    ink: str
    quiet: str
    line: str
    fill: str


LIGHT = Palette(ink="#1f2328", quiet="#59636e", line="#0969da", fill="#f6f8fa")
DARK = Palette(ink="#f0f6fc", quiet="#9198a1", line="#4493f8", fill="#151b23")


def boxes(settings: Settings, graph: Graph) -> list[Box]:
    """The layers with the figures of the last run that published."""
    lake = lake_access.open_lake(settings)
    tables = warehouse_tables.read(settings)
    rows = {
        schema: sum(count or 0 for (of, _), (count, _) in tables.items() if of == schema)
        for schema in ("staging", "intermediate", "marts")
    }
    with versions.open_published(settings.published_dir, LEADERSHIP) as con:
        headlines = scorecard.headlines(con)
        ((as_of, charges, cash, held),) = con.execute(
            "select cast(as_of as date), charges, cash, quarantined from published_version"
        ).fetchall()
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        lines = conservation.prove(con, lake, as_of, hospitals(settings))
    ((systems, files, delivered),) = lake.query(
        "select count(distinct source_system), count(*) filter (status <> 'replayed'), "
        f"sum(row_count) from {lake.scan('platform', 'received_files')}"
    )

    def money(amount: Decimal | str) -> str:
        return f"${Decimal(amount):,.0f}"

    def dollars(place: str) -> list[tuple[str, str]]:
        """Charges and cash, each as it stands at this place of its proof; deposits of whoever pays
        are proven beside and reach no ledger."""
        found = []
        for kind in ("charges", "cash"):
            of_ledger = [line.figures for line in lines[kind] if "ledger" in line.figures]
            amounts = (figures[place] for figures in of_ledger)
            found.append((money(sum(amounts, Decimal(0))), kind))
        return found

    on_target = sum(headline.is_on_target for headline in headlines)
    entries = tables["marts", "fct_ledger_entries"][0]
    figures = {
        "Sources": [(f"{systems}", "source systems"), (f"{files:,}", "files and tables")],
        "Raw": [
            (f"{delivered:,}", "rows"), *dollars("raw"), (money(held), "in quarantine"),
        ],
        "Staging": [(f"{rows['staging']:,}", "rows")],
        "Intermediate": [(f"{entries:,}", "ledger entries"), *dollars("ledger")],
        "Marts": [(f"{rows['marts']:,}", "rows"), *dollars("marts")],
        "Published": [(f"{as_of}", "as of"), (money(charges), "charges"), (money(cash), "cash")],
        "Scorecard": [(f"{len(headlines)}", "headlines"), (f"{on_target}", "on target")],
    }  # fmt: skip
    return [
        Box(title, sum(_layer(group) == title for group, _ in graph.values()), figures[title])
        for title in LAYERS
    ]


def arrows(graph: Graph) -> list[tuple[str, str]]:
    """The layers that follow each other and have an asset that is made of one of the other."""
    layer = {asset: _layer(group) for asset, (group, _) in graph.items()}
    found = {
        (layer.get(above), layer[asset])
        for asset, (_, made_of) in graph.items()
        for above in made_of
    }
    titles = list(LAYERS)
    return [pair for pair in pairwise(titles) if pair in found]


def _layer(group: str) -> str | None:
    return next((title for title, start in LAYERS.items() if group.startswith(start)), None)


_WIDTH, _HEIGHT, _GAP, _TOP = 132, 196, 16, 4
_FIGURES_TOP, _FIGURE = 68, 34


def draw(drawn: Sequence[Box], joined: Sequence[tuple[str, str]], palette: Palette) -> str:
    """The picture as SVG."""
    left = {box.title: 2 + i * (_WIDTH + _GAP) for i, box in enumerate(drawn)}
    width = 4 + len(drawn) * (_WIDTH + _GAP) - _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT + 2 * _TOP}" '
        'role="img" font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
        "<title>From the sources to the scorecard</title>",
    ]
    for box in drawn:
        x = left[box.title]
        parts += [
            f'<rect x="{x}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" '
            f'fill="{palette.fill}" stroke="{palette.line}" stroke-width="1.5"/>',
            _text(x + 10, _TOP + 24, box.title, palette.ink, 15, bold=True),
            _text(x + 10, _TOP + 42, _count(box.assets), palette.quiet, 12),
        ]
        for place, (figure, what) in enumerate(box.figures):
            y = _TOP + _FIGURES_TOP + place * _FIGURE
            parts += [
                _text(x + 10, y, figure, palette.ink, 15, bold=True),
                _text(x + 10, y + 14, what, palette.quiet, 12),
            ]
    for above, below in joined:
        start, end, y = left[above] + _WIDTH, left[below], _TOP + _HEIGHT // 2
        parts.append(
            f'<path d="M{start + 2} {y}H{end - 4}m-5 -5l6 5l-6 5" fill="none" '
            f'stroke="{palette.line}" stroke-width="2"/>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _count(assets: int) -> str:
    return f"{assets:,} asset{'s' if assets != 1 else ''}"


def _text(x: int, y: int, text: str, colour: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x}" y="{y}" fill="{colour}" font-size="{size}"{weight}>{escape(text)}</text>'
