"""The numbers as pages: a KPI with its definition, target and trend, and what it is made of.

Who may see claims follows it to every claim, visit and ledger entry, and to the place of each in
the received files: read from the audience `operations`. Everyone else reads the same numbers by
facility and payer, from the audience `leadership`. Served by the Dagster webserver
(webserver.py); one number as a file by `rcm trace KPI --html`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import duckdb

from rcm_platform.explain import links, source_excerpts, trace, trend_chart, variance
from rcm_platform.explain.figures import (
    QUOTED,
    Choices,
    Definition,
    Figure,
    Figures,
    Month,
    Scope,
    UnknownNumber,
)
from rcm_platform.publish import versions
from rcm_platform.publish.audiences import LEADERSHIP, OPERATIONS
from rcm_platform.publish.spreadsheet import csv_line
from rcm_platform.settings import Settings
from rcm_platform.web.pages import template

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PATH = links.TRACE_PATH

CLAIMS, FIGURES = OPERATIONS, LEADERSHIP
"""The audiences whose published files the pages read: with claims, and without."""

SHOWN = 100
"""Claims on a page."""

PLACES_SHOWN = 200
"""Facilities with their payers on a page."""

TO_SCORECARD = ("Scorecard", links.SCORECARD_PATH)
TO_DESK = ("Operations desk", f"{links.DESK_PATH}/")
LINKS = (TO_DESK, TO_SCORECARD, ("All numbers", f"{PATH}/"))

EVERYTHING = Scope()

_VERSION = re.compile(r"\d{5,}-\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Address:
    """What a number page is asked for; `version` is the published one that the link was made of."""

    kpi: str
    month: date | None = None
    scope: Scope = EVERYTHING
    page: int = 1
    version: str = ""

    @classmethod
    def read(cls, kpi: str, asked: Mapping[str, str]) -> Address:
        """From the parameters of a request. Raises UnknownNumber for what is no month or page."""
        scope = Scope(asked.get("facility") or None, asked.get("payer") or None)
        month, page = _month(asked.get("month")), _page(asked.get("page"))
        return cls(kpi, month, scope, page, asked.get("version", ""))

    def url(self, **changed: Any) -> str:
        """The address with these parts changed."""
        to = replace(self, **{"page": 1, **changed})
        asked = {
            "month": to.month and f"{to.month:%Y-%m}",
            "facility": to.scope.facility,
            "payer": to.scope.payer,
            "page": to.page if to.page > 1 else None,
            "version": to.version,
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{self.path}?{query}" if query else self.path

    @property
    def path(self) -> str:
        """The page of the KPI, whatever is asked of it."""
        return f"{PATH}/kpi/{quote(self.kpi, safe='')}"

    @property
    def csv(self) -> str:
        """All that the number is made of, as a file."""
        url = self.url()
        return f"{url}{'&' if '?' in url else '?'}format=csv"


class Pages:
    """Renders the pages of an audience, each from one published version: the current one."""

    def __init__(self, settings: Settings, audience: str = CLAIMS) -> None:
        self._settings = settings
        self._audience = audience
        self._archive = source_excerpts.Archive(settings)
        self._template = template("trace.html.jinja")

    @property
    def has_claims(self) -> bool:
        return self._audience == CLAIMS

    def file(
        self,
        con: duckdb.DuckDBPyConnection,
        found: trace.Trace,
        claims: Sequence[trace.ClaimTrace],
        where: str = "",
    ) -> str:
        """One page that needs no server: the number, and these of its claims below it."""
        followed = {claim.claim_key for claim in claims}
        definition = Figures(con).definition(found.cell.kpi)
        return self._render(
            con,
            definition.label,
            **self._number(con, definition, found.cell.figure, whole=not where),
            figure=found.cell.figure,
            where=where,
            trace=found,
            shown=found.parts[:SHOWN],
            link=lambda part: f"#{part.claim_key}" if part.claim_key in followed else None,
            claims=claims,
            links=(),
        )

    def number(self, kpi: str, asked: Mapping[str, str]) -> tuple[str, int]:
        """A number as a page, and its HTTP status. Raises UnknownNumber for an unknown KPI."""
        with self._open() as con:
            figures = Figures(con, self._audience)
            definition, last = figures.definition(kpi), figures.last_month(kpi)
            months = [one.month for one in reversed(figures.months(kpi, EVERYTHING))]
            given: dict[str, Any] = {"months": months, "choices": figures.choices(kpi)}
            address = Address(kpi, last)
            try:
                address = Address.read(kpi, asked)
                address = replace(address, month=address.month or last, version=_version(con))
                given |= self._cell(con, figures, definition, address)
                status = 200
            except UnknownNumber as problem:
                month = address.month if address.month in months else last
                address = replace(address, month=month, version=_version(con))
                given["message"], status = str(problem), 404
            given |= {"address": address, "where": _where(given["choices"], address.scope)}
            seen = asked.get("version", "")
            return self._render(con, definition.label, seen=seen, **given), status

    def rows(self, kpi: str, asked: Mapping[str, str]) -> tuple[str, Iterator[str]] | str:
        """All that a number is made of as CSV: a file name and its lines.

        An address instead of them when the version that the link was made of was replaced: there it
        is said. Raises UnknownNumber.
        """
        con = self._open()
        try:
            figures = Figures(con, self._audience)
            address = Address.read(kpi, asked)
            address = replace(address, month=address.month or figures.last_month(kpi))
            assert address.month
            version = _version(con)
            if address.version not in ("", version):
                con.close()
                return address.url()
            found = figures.figure(kpi, address.month, address.scope)
            lines = (
                _claim_rows(con, address, found)
                if self.has_claims
                else _place_rows(figures, address)
            )
        except BaseException:
            con.close()
            raise

        def written() -> Iterator[str]:
            with con:
                for line in lines:
                    yield csv_line(line)

        return f"{kpi}_{address.month:%Y-%m}_{version}.csv", written()

    def claim(self, claim_key: str, seen: str = "") -> str:
        """A claim's ledger entries, each with its place. Raises UnknownNumber."""
        with self._open() as con:
            found = trace.claim(con, claim_key)
            return self._render(con, f"Claim {found.claim_id}", claims=[found], seen=seen)

    def entry(self, entry_key: str, seen: str = "") -> str:
        """A ledger entry that names no claim, with its place. Raises UnknownNumber."""
        with self._open() as con:
            found = trace.entry(con, entry_key)
            place = self._place(found)
            title = f"{found.event_type} of {found.event_date}"
            return self._render(con, title, entry=[(found, place)], seen=seen)

    def visit(self, visit_key: str, seen: str = "") -> str:
        """A visit: its work, its claims, and what its hospital recorded. Raises UnknownNumber."""
        with self._open() as con:
            found = trace.visit(con, visit_key)
            records = self._archive.of_visit(found.source_system, found.visit_id)
            title = f"Visit {found.visit_id}"
            return self._render(con, title, visit=found, records=records, seen=seen)

    def source_row(self, row_key: str, seen: str = "") -> str:
        """A cost or logged work, as it was received. Raises UnknownNumber."""
        with self._open() as con:
            found = trace.source_row(con, row_key)
            place = self._archive.find(
                found.source_system, found.source_file, found.source_position
            )
            title = f"{found.kind.capitalize()} of {found.day}"
            return self._render(con, title, source_row=found, records=[place], seen=seen)

    def numbers(self, seen: str = "") -> str:
        """Every KPI that has figures, with its last mature month."""
        with self._open() as con:
            version = _version(con)
            rows = [
                (
                    definition,
                    Address(definition.kpi, month.month, version=version).url(),
                    month,
                    _show(month, definition.unit),
                )
                for definition, month in Figures(con, self._audience).latest()
            ]
            groups: dict[str, list[Any]] = {}
            for row in sorted(rows, key=lambda row: not row[0].is_headline):
                group = "Headlines" if row[0].is_headline else _FAMILIES[row[0].family]
                groups.setdefault(group, []).append(row)
            title = "Every number, down to its files" if self.has_claims else "The headlines"
            return self._render(con, title, numbers=groups, seen=seen)

    def problem(self, why: str, seen: str = "") -> str:
        """A page that says why there is nothing to show."""
        now = versions.current(self._settings.published_dir)
        if now and _is_replaced(seen, now.version):
            why += (
                f" The link to it was made from published version {seen}; version {now.version}, "
                f"as of {now.as_of}, is published now."
            )
        return self._page("Not found", message=why)

    def refusal(self) -> str:
        """A page for those who may not see claims: it says where they are shown."""
        return self._page("Not shown here", refused=True)

    def _cell(
        self,
        con: duckdb.DuckDBPyConnection,
        figures: Figures,
        definition: Definition,
        address: Address,
    ) -> dict[str, Any]:
        """What the page of a number shows. Raises UnknownNumber."""
        assert address.month
        figure = figures.figure(address.kpi, address.month, address.scope)
        is_whole_business = address.scope == EVERYTHING
        given = self._number(con, definition, figure, whole=is_whole_business)
        given |= {
            "figure": figure,
            "chart": _chart(figures, definition, address),
            "places": self._places(figures, definition, address, figure),
            # a part of the business lacks what stands merged, of which nobody says whose it is
            "lacks_merged": not is_whole_business
            and any(place.is_other for place in figures.places(address.kpi, address.month)),
        }
        if self.has_claims:
            given |= self._parts(con, address)
        return given

    def _number(
        self,
        con: duckdb.DuckDBPyConnection,
        definition: Definition,
        figure: Month,
        whole: bool,
    ) -> dict[str, Any]:
        # of the whole only: of a part of the business nothing is said
        change = variance.of(con, definition.kpi, figure.month, self._changes) if whole else None
        assumptions = con.execute(
            "select statement, why, effect from assumptions where kpi = ?", [definition.kpi]
        ).fetchall()
        return {
            "definition": definition,
            "month": figure.month,
            "value": _show(figure, definition.unit),
            "on_target": definition.is_on_target(figure.value, figure.is_mature),
            "change": change and change.text(definition.unit),
            "assumptions": assumptions,
        }

    @property
    def _changes(self) -> str:
        return "mart_kpi_changes" if self.has_claims else "mart_kpi_scorecard"

    def _places(
        self, figures: Figures, definition: Definition, address: Address, figure: Month
    ) -> list[dict[str, Any]]:
        assert address.month
        return [
            {
                "facility": place.facility_name,
                "payer": place.payer_name,
                "is_other": place.is_other,
                "numerator": place.numerator,
                "denominator": place.denominator,
                "value": _show(place, definition.unit),
                "on_target": definition.is_on_target(place.value, figure.is_mature),
                "href": address.url(scope=Scope(place.facility, place.payer))
                if place.facility
                else None,
            }
            for place in figures.places(address.kpi, address.month, address.scope)
        ]

    def _parts(self, con: duckdb.DuckDBPyConnection, address: Address) -> dict[str, Any]:
        offset = (address.page - 1) * SHOWN
        found = trace.trace(con, address.kpi, address.month, address.scope, SHOWN, offset)
        pages = max(-(-found.count // SHOWN), 1)
        if address.page > pages:
            raise UnknownNumber(
                f"There is no page {address.page:,}: what this number is made of fills "
                f"{pages:,} page{'s' if pages > 1 else ''}."
            )
        return {
            "trace": found,
            "shown": found.parts,
            "link": lambda part: _record_link(part, address.version),
            "first": offset + 1,
            "page": address.page,
            "pages": [
                (number, address.url(page=number)) for number in _page_numbers(address.page, pages)
            ],
        }

    def _render(
        self,
        con: duckdb.DuckDBPyConnection,
        title: str,
        claims: Iterable[trace.ClaimTrace] = (),
        seen: str = "",
        **given: Any,
    ) -> str:
        [(version, as_of)] = con.execute("select version, as_of from published_version").fetchall()
        found = [(claim, [(e, self._place(e)) for e in claim.entries]) for claim in claims]
        replaced = seen if _is_replaced(seen, version) else None
        return self._page(
            title, version=version, as_of=as_of, replaced=replaced, claims=found, **given
        )

    def _page(self, title: str, **given: Any) -> str:
        return self._template.render(
            {**_NOTHING, "title": title, "has_claims": self.has_claims, **given}
        )

    def _place(self, entry: trace.Entry) -> source_excerpts.Evidence:
        return self._archive.find(entry.source_system, entry.source_file, entry.source_position)

    def _open(self) -> duckdb.DuckDBPyConnection:
        return versions.open_published(self._settings.published_dir, self._audience)


_NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(
        ("version", "replaced", "message", "refused", "numbers", "trace", "entry", "visit",
         "source_row", "definition", "address", "chart", "figure", "where", "change",
         "pages", "lacks_merged")
    ),
    "links": LINKS,
    "path": PATH,
    "claims": [],
    "places": [],
    "places_shown": PLACES_SHOWN,
}  # fmt: skip

_FAMILIES = {
    "denials": "Denials",
    "collections": "Collections",
    "receivables": "Receivables",
    "productivity": "Work and money",
    "front_end": "Before and at the visit",
    "charge_capture": "From the visit to the bill",
    "contracts": "Contracts",
    "reference": "As other reports count it",
}


def app(
    settings: Settings,
    may_see_claims: Callable[[Request], bool],
    admits: Callable[[Request], bool],
) -> Starlette:
    """The pages as a web application; its links lead to below PATH.

    Numbers are shown to everyone: with their claims to those who `may_see_claims`, and each look at
    claims is asked of `admits`, which writes it down. Single records are refused to all others.
    """
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, RedirectResponse, StreamingResponse
    from starlette.routing import Route

    with_claims, without = Pages(settings), Pages(settings, FIGURES)
    kept_nowhere = {"Cache-Control": "no-store"}

    def pages_for(request: Request) -> Pages:
        return with_claims if may_see_claims(request) and admits(request) else without

    def html(text: str, status: int = 200) -> Response:
        return HTMLResponse(text, status, kept_nowhere)

    def numbers(request: Request) -> Response:
        return html(pages_for(request).numbers(_seen(request)))

    def number(request: Request) -> Response:
        kpi, asked = request.path_params["kpi"], request.query_params
        kind = asked.get("format")
        if kind is None:
            return html(*pages_for(request).number(kpi, asked))
        if kind != "csv":
            raise UnknownNumber(f"There is no format '{kind[:QUOTED]}'; there is: csv.")
        found = pages_for(request).rows(kpi, asked)
        if isinstance(found, str):
            return RedirectResponse(found, 303, kept_nowhere)
        name, lines = found
        headers = {"Content-Disposition": f'attachment; filename="{name}"', **kept_nowhere}
        return StreamingResponse(lines, media_type="text/csv", headers=headers)

    def record(page: Callable[[str, str], str]) -> Callable[[Request], Response]:
        def show(request: Request) -> Response:
            if not admits(request):
                return html(without.refusal(), 403)
            return html(page(request.path_params["key"], _seen(request)))

        return show

    def route(path: str, page: Callable[[Request], Response]) -> Route:
        def endpoint(request: Request) -> Response:
            try:
                try:
                    return page(request)
                except duckdb.IOException:
                    return page(request)  # it was replaced while this was read
            except (UnknownNumber, FileNotFoundError) as problem:
                return html(without.problem(str(problem), _seen(request)), 404)
            except duckdb.IOException:
                logging.exception("The published version cannot be opened")
                return html(without.problem(_GONE), 503)
            except (duckdb.CatalogException, duckdb.BinderException) as problem:
                if not re.search(r"does not exist|not found", str(problem)):
                    raise
                logging.exception("The published version lacks a table or a column")
                return html(without.problem(_LACKING), 503)

        return Route(path, endpoint)

    return Starlette(
        routes=[
            route("/", numbers),
            route("/kpi/{kpi}", number),
            route("/claim/{key}", record(with_claims.claim)),
            route("/entry/{key}", record(with_claims.entry)),
            route("/visit/{key}", record(with_claims.visit)),
            route("/row/{key}", record(with_claims.source_row)),
        ]
    )


_GONE = (
    "The published version cannot be opened: it was removed, or is being replaced. Open this page "
    "again; if it stays so, `rcm published list` names the versions that there are, and "
    "`rcm published rollback` goes back to one."
)
_LACKING = (
    "The published version was made by another release and lacks what this page shows. The next "
    "run (`rcm run`) publishes one that has it."
)


def _seen(request: Request) -> str:
    return request.query_params.get("version", "")


def _is_replaced(seen: str, version: str) -> bool:
    return bool(_VERSION.fullmatch(seen)) and seen != version


def _version(con: duckdb.DuckDBPyConnection) -> str:
    [(version,)] = con.execute("select version from published_version").fetchall()
    return str(version)


def _month(text: str | None) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m").date() if text else None
    except ValueError:
        raise UnknownNumber(f"'{(text or '')[:QUOTED]}' is no month: write 2025-12.") from None


def _page(text: str | None) -> int:
    if not text:
        return 1
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) == 0:
        raise UnknownNumber(f"'{text[:QUOTED]}' is no page: they are numbered from 1.")
    return int(text)


def _page_numbers(page: int, pages: int) -> list[int]:
    """The first, the last, and those around a page."""
    near = range(page - 2, page + 3)
    return sorted({1, pages, *(number for number in near if 1 <= number <= pages)})


def _where(choices: Choices, scope: Scope) -> str:
    """The names of the facility and payer that a number is about."""
    asked = ((choices.facilities, scope.facility), (choices.payers, scope.payer))
    return ", ".join(
        next((name for id_, name in known if wanted.lower() in (id_.lower(), name.lower())), wanted)
        for known, wanted in asked
        if wanted
    )


def _record_link(part: trace.Part, version: str) -> str | None:
    for kind, key in (
        ("claim", part.claim_key),
        ("visit", part.visit_key),
        ("entry", part.entry_key),
        ("row", part.row_key),
    ):
        if key:
            return f"{PATH}/{kind}/{quote(key, safe='')}?{urlencode({'version': version})}"
    return None


def _chart(figures: Figures, definition: Definition, address: Address) -> trend_chart.Chart | None:
    values = [
        trend_chart.Value(
            one.month,
            one.value,
            _show(one, definition.unit),
            address.url(month=one.month),
            one.month == address.month,
            one.is_mature,
        )
        for one in figures.months(definition.kpi, address.scope)
        if one.value is not None
    ]
    return trend_chart.chart(values, definition.target) if values else None


def _claim_rows(
    con: duckdb.DuckDBPyConnection, address: Address, found: Month
) -> Iterator[Sequence[object]]:
    yield (
        "record", "id", "source_system", "facility", "payer", "service_date", "counted_from",
        "numerator", "denominator", "charged", "paid", "open", "denial_reasons",
    )  # fmt: skip
    for part in trace.all_parts(con, address.kpi, found.month, address.scope):
        kind = (
            "claim" if part.claim_key
            else "visit" if part.visit_key
            else "ledger entry" if part.entry_key
            else part.name if part.row_key
            else "facility and payer on a day"
        )  # fmt: skip
        yield (
            kind, part.name, part.source_system, part.facility_name, part.payer_name,
            part.service_date, part.known_date, part.numerator, part.denominator,
            part.charge_amount, part.paid_amount, part.open_amount, part.reasons,
        )  # fmt: skip


def _place_rows(figures: Figures, address: Address) -> Iterator[Sequence[object]]:
    yield ("facility", "payer", "numerator", "denominator", "is_merged")
    assert address.month
    for place in figures.places(address.kpi, address.month, address.scope):
        yield (
            place.facility_name, place.payer_name, place.numerator, place.denominator,
            str(place.is_other).lower(),
        )  # fmt: skip


def _show(figure: Figure, unit: str) -> str:
    if figure.not_for:
        return f"does not apply ({figure.not_for})"
    return "none" if figure.value is None else variance.show(figure.value, unit)
