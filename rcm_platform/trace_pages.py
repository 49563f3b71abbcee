"""The trace as pages: a number, its claims, their ledger entries, and what the file says there.

One page as a file (`rcm trace KPI --html`), or all of them in the Dagster webserver (web.py). For
those who may see claims: everything is read from the audience `operations`, and the places from the
received files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import duckdb

from rcm_platform import changes, evidence, publish, scorecard, trace
from rcm_platform.pages import template
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

PATH = scorecard.TRACE

AUDIENCE = "operations"

SHOWN = 100
"""Claims that a page lists one by one; the others are summed in one row."""

TO_SCORECARD = ("Scorecard", scorecard.PATH)
LINKS = (TO_SCORECARD, ("All numbers", f"{PATH}/"))


class Pages:
    """Renders the pages, each from one published version: the one that `con` has open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._archive = evidence.Archive(settings)
        self._template = template("trace.html.jinja")

    def file(
        self,
        con: duckdb.DuckDBPyConnection,
        found: trace.Trace,
        claims: Sequence[trace.ClaimTrace],
        where: str = "",
    ) -> str:
        """One page that needs no server: the number, and these of its claims below it."""
        followed = {claim.claim_key for claim in claims}
        return self._cell(
            con,
            found,
            where,
            link=lambda part: f"#{part.claim_key}" if part.claim_key in followed else None,
            claims=claims,
            links=(),
        )

    def cell(self, kpi: str, month: date | None, facility: str | None, payer: str | None) -> str:
        """A number and its claims, each a link. Raises trace.UnknownNumber."""
        with self._open() as con:
            found = trace.trace(con, kpi, month, trace.Scope(facility, payer))
            return self._cell(
                con,
                found,
                where=", ".join(name for name in (facility, payer) if name),
                link=lambda part: part.claim_key and f"{PATH}/claim/{part.claim_key}",
            )

    def claim(self, claim_key: str) -> str:
        """A claim's ledger entries, each with its place. Raises trace.UnknownNumber."""
        with self._open() as con:
            found = trace.claim(con, claim_key)
            return self._render(con, f"Claim {found.claim_id}", claims=[found])

    def numbers(self) -> str:
        """Every KPI with its last complete month."""
        with self._open() as con:
            rows = con.execute(
                """
                select label, kpi, unit, period_month, cells.numerator, cells.denominator
                from mart_kpi_monthly as cells inner join kpi_registry as registry using (kpi)
                cross join published_version as version
                where aggregation_level = 'total'
                    and last_day(period_month) <= cast(version.as_of as date)
                qualify row_number() over (partition by kpi order by period_month desc) = 1
                order by registry.rowid
                """
            ).fetchall()
            numbers = [
                (
                    label,
                    f"{PATH}/kpi/{kpi}?{urlencode({'month': f'{month:%Y-%m}'})}",
                    month,
                    _show(trace.Cell(kpi, label, month, numerator, denominator, ("", "")), unit),
                )
                for label, kpi, unit, month, numerator, denominator in rows
            ]
            return self._render(con, "Every number, down to its files", numbers=numbers)

    def missing(self, why: str) -> str:
        """A page that says why there is nothing to show."""
        return self._page("Not found", message=why)

    def refusal(self) -> str:
        """A page for those who may not see claims: it says where they are shown."""
        return self._page("Not shown here", refused=True, links=[TO_SCORECARD])

    def _cell(
        self,
        con: duckdb.DuckDBPyConnection,
        found: trace.Trace,
        where: str,
        link: Any,
        claims: Sequence[trace.ClaimTrace] = (),
        links: Sequence[tuple[str, str]] = LINKS,
    ) -> str:
        unit = trace.unit(con, found.cell.kpi)
        # of the whole only: of a part of the business the mart says nothing
        change = None if where else changes.of(con, found.cell.kpi, found.cell.month)
        return self._render(
            con,
            found.cell.label,
            trace=found,
            value=_show(found.cell, unit),
            where=where,
            change=change and change.text(unit),
            shown=found.parts[:SHOWN],
            rest=found.parts[SHOWN:],
            whole_columns=(
                all(part.numerator % 1 == 0 for part in found.parts),
                all((part.denominator or 0) % 1 == 0 for part in found.parts),
            ),
            link=link,
            claims=claims,
            links=links,
        )

    def _render(
        self,
        con: duckdb.DuckDBPyConnection,
        title: str,
        claims: Iterable[trace.ClaimTrace] = (),
        **given: Any,
    ) -> str:
        [(version, as_of)] = con.execute("select version, as_of from published_version").fetchall()
        found = [(claim, self._places(claim)) for claim in claims]
        return self._page(title, version=version, as_of=as_of, claims=found, **given)

    def _page(self, title: str, **given: Any) -> str:
        nothing = dict.fromkeys(("version", "message", "refused", "numbers", "trace"))
        return self._template.render(
            {**nothing, "title": title, "links": LINKS, "claims": [], **given}
        )

    def _places(self, claim: trace.ClaimTrace) -> list[tuple[trace.Entry, evidence.Evidence]]:
        return [
            (e, self._archive.find(e.source_system, e.source_file, e.source_position))
            for e in claim.entries
        ]

    def _open(self) -> duckdb.DuckDBPyConnection:
        return publish.open_published(self._settings.published_dir, AUDIENCE)


def app(settings: Settings, admits: Callable[[Request], bool]) -> Starlette:
    """The pages as a web application: `/`, `/kpi/{kpi}` and `/claim/{claim_key}`.

    Its links lead to below PATH. Whom `admits` does not let in is told where the pages are shown.
    """
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    pages = Pages(settings)

    def cell(request: Request) -> str:
        asked = request.query_params
        when = _month(asked.get("month"))
        kpi = request.path_params["kpi"]
        return pages.cell(kpi, when, asked.get("facility"), asked.get("payer"))

    def answer(request: Request, page: Callable[[Request], str]) -> tuple[str, int]:
        if not admits(request):
            return pages.refusal(), 403
        try:
            return page(request), 200
        except (trace.UnknownNumber, FileNotFoundError) as problem:
            return pages.missing(str(problem)), 404

    def route(path: str, page: Callable[[Request], str]) -> Route:
        def endpoint(request: Request) -> HTMLResponse:
            text, status = answer(request, page)
            return HTMLResponse(text, status, {"Cache-Control": "no-store"})

        return Route(path, endpoint)

    return Starlette(
        routes=[
            route("/", lambda _: pages.numbers()),
            route("/kpi/{kpi}", cell),
            route("/claim/{claim_key}", lambda asked: pages.claim(asked.path_params["claim_key"])),
        ]
    )


def _month(text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date() if text else None
    except ValueError:
        raise trace.UnknownNumber(f"{text} is no month: write 2025-12.") from None


def _show(cell: trace.Cell, unit: str) -> str:
    return "none" if cell.value is None else changes.show(cell.value, unit)
