"""The trace as pages: a number, its claims, their ledger entries, and what the file says there.

One page as a file (`rcm trace KPI --html`), or all of them served on the loopback address
(`rcm trace --serve`). For those who may see claims: everything is read from the audience
`operations`, and the places from the received files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from rcm_platform import evidence, publish, trace
from rcm_platform.scorecard import show
from rcm_platform.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse

AUDIENCE = "operations"

SHOWN = 100
"""Claims that a page lists one by one; the others are summed in one row."""


class Pages:
    """Renders the pages, each from one published version: the one that `con` has open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        environment = Environment(
            loader=PackageLoader("rcm_platform", "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._template = environment.get_template("trace.html.jinja")

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
        )

    def cell(self, kpi: str, month: date | None, facility: str | None, payer: str | None) -> str:
        """A number and its claims, each a link. Raises trace.UnknownNumber."""
        with self._open() as con:
            found = trace.trace(con, kpi, month, trace.Scope(facility, payer))
            return self._cell(
                con,
                found,
                where=", ".join(name for name in (facility, payer) if name),
                link=lambda part: part.claim_key and f"/claim/{part.claim_key}",
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
                    f"/kpi/{kpi}?{urlencode({'month': f'{month:%Y-%m}'})}",
                    month,
                    _show(trace.Cell(kpi, label, month, numerator, denominator, ("", "")), unit),
                )
                for label, kpi, unit, month, numerator, denominator in rows
            ]
            return self._render(con, "Every number, down to its files", numbers=numbers)

    def problem(self, message: str) -> str:
        """A page that says why there is nothing to show."""
        with self._open() as con:
            return self._render(con, "Not found", message=message)

    def _cell(
        self,
        con: duckdb.DuckDBPyConnection,
        found: trace.Trace,
        where: str,
        link: Any,
        claims: Sequence[trace.ClaimTrace] = (),
    ) -> str:
        [(unit,)] = con.execute(
            "select unit from kpi_registry where kpi = ?", [found.cell.kpi]
        ).fetchall()
        return self._render(
            con,
            found.cell.label,
            trace=found,
            value=_show(found.cell, unit),
            where=where,
            shown=found.parts[:SHOWN],
            rest=found.parts[SHOWN:],
            whole_columns=(
                all(part.numerator % 1 == 0 for part in found.parts),
                all((part.denominator or 0) % 1 == 0 for part in found.parts),
            ),
            link=link,
            claims=claims,
            links=[] if claims else None,
        )

    def _render(
        self,
        con: duckdb.DuckDBPyConnection,
        title: str,
        claims: Iterable[trace.ClaimTrace] = (),
        links: list[tuple[str, str]] | None = None,
        **given: Any,
    ) -> str:
        [(version, as_of)] = con.execute("select version, as_of from published_version").fetchall()
        nothing = {"trace": None, "numbers": None, "message": None, "where": "", "value": ""}
        return self._template.render(
            {
                **nothing,
                "title": title,
                "version": version,
                "as_of": as_of,
                "links": [("All numbers", "/")] if links is None else links,
                "claims": [(claim, self._places(claim)) for claim in claims],
                **given,
            }
        )

    def _places(self, claim: trace.ClaimTrace) -> list[tuple[trace.Entry, evidence.Evidence]]:
        return [
            (
                entry,
                evidence.find(
                    self._settings, entry.source_system, entry.source_file, entry.source_position
                ),
            )
            for entry in claim.entries
        ]

    def _open(self) -> duckdb.DuckDBPyConnection:
        return publish.open_published(self._settings.published_dir, AUDIENCE)


def app(settings: Settings) -> Starlette:
    """The pages as a web application: `/`, `/kpi/{kpi}` and `/claim/{claim_key}`."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse
    from starlette.routing import Route

    pages = Pages(settings)

    def numbers(_: Request) -> HTMLResponse:
        return HTMLResponse(pages.numbers())

    def cell(request: Request) -> HTMLResponse:
        asked = request.query_params
        try:
            when = _month(asked.get("month"))
            kpi = request.path_params["kpi"]
            return HTMLResponse(pages.cell(kpi, when, asked.get("facility"), asked.get("payer")))
        except trace.UnknownNumber as problem:
            return HTMLResponse(pages.problem(str(problem)), 404)

    def claim(request: Request) -> HTMLResponse:
        try:
            return HTMLResponse(pages.claim(request.path_params["claim_key"]))
        except trace.UnknownNumber as problem:
            return HTMLResponse(pages.problem(str(problem)), 404)

    return Starlette(
        routes=[
            Route("/", numbers),
            Route("/kpi/{kpi}", cell),
            Route("/claim/{claim_key}", claim),
        ],
        # a page from elsewhere cannot read these under a name of its own
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def serve(settings: Settings, port: int) -> None:
    """Serve the pages on the loopback address until stopped.

    Raises FileNotFoundError where nothing is published yet.
    """
    import uvicorn

    publish.open_published(settings.published_dir, AUDIENCE).close()
    uvicorn.run(app(settings), host="127.0.0.1", port=port, log_level="warning")


def _month(text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date() if text else None
    except ValueError:
        raise trace.UnknownNumber(f"{text} is no month: write 2025-12.") from None


def _show(cell: trace.Cell, unit: str) -> str:
    return "none" if cell.value is None else show(cell.value, unit)
