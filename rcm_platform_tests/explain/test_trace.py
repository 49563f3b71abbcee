"""A number is explained by its claims, and they by their ledger entries, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from rcm_platform.explain import source_excerpts, trace, trace_audit
from rcm_platform.explain.figures import Figures
from rcm_platform.publish.versions import open_published
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support.leaders_months import headlines_by_month

MAY = date(2025, 5, 1)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    """A published file of three claims: x denied, y paid, z only in the second KPI."""
    con = duckdb.connect()
    con.execute("""
        create table published_version as select '2025-06-15' as as_of;
        create table kpi_registry as
        select *, 'denials' as family, 'ratio' as unit, 'month' as period_rule, 'down' as direction,
            cast(0.05 as decimal(18, 4)) as target, 'team' as owner, 'books' as source,
            true as is_headline
        from (values
            ('by_claims', 'By claims', 'denied claims', 'claims'),
            ('by_dollars', 'By dollars', 'denied dollars', 'charges'),
            ('at_risk', 'At risk', 'open dollars', null),
            ('collections_per_wrvu', 'Cash per work', 'cash', 'work')
        ) as t (kpi, label, numerator, denominator);
        create table dim_facility as select 'f' as facility_key, 'HOSP' as facility_id,
            'Hospital' as facility_name;
        create table dim_payer as from (values ('p', '1', 'One'), ('q', '2', 'Two'))
            as t (payer_key, payer_id, payer_name);
        create table int_kpi__contributions as
        select kpi, claim_key, date '2025-05-01' as period_month, 'f' as facility_key, payer_key,
            cast(n as decimal(18, 2)) as numerator, cast(d as decimal(18, 2)) as denominator,
            cast(null as date) as known_date, cast(null as varchar) as record_type,
            cast(null as varchar) as record_key
        from (values
            ('by_claims', 'x', 'p', 1, 1), ('by_claims', 'y', 'q', 0, 1),
            ('by_dollars', 'x', 'p', 60, 60), ('by_dollars', 'y', 'q', 0, 40),
            ('by_dollars', 'z', 'q', 5, 5), ('by_dollars', null, 'q', 0, 10),
            ('at_risk', 'x', 'p', 60, null)
        ) as t (kpi, claim_key, payer_key, n, d);
        create table mart_kpi_monthly as
        select kpi, period_month, 'facility and payer' as aggregation_level, facility_key,
            payer_key, sum(numerator) as numerator, sum(denominator) as denominator
        from int_kpi__contributions group by all
        union all by name
        select kpi, period_month, 'total' as aggregation_level, sum(numerator) as numerator,
            sum(denominator) as denominator
        from int_kpi__contributions group by all;
        alter table mart_kpi_monthly add column kpi_value_key varchar;
        alter table mart_kpi_monthly add column is_mature boolean default true;
        alter table mart_kpi_monthly add column not_for varchar;
        update mart_kpi_monthly
        set kpi_value_key = concat_ws('|', kpi, aggregation_level, payer_key);
        create table fct_claims as
        select claim_key, upper(claim_key) as claim_id, 'h' as source_system, 'p' as payer_key,
            date '2025-05-02' as service_date, 'v' as encounter_key,
            cast(100 as decimal(18, 2)) as charge_amount,
            cast(o as decimal(18, 2)) as open_amount, cast(p as decimal(18, 2)) as
            payer_paid_amount, cast(0 as decimal(18, 2)) as patient_paid_amount
        from (values ('x', 60, 0), ('y', 0, 40), ('z', 5, 0)) as t (claim_key, o, p);
        create table fct_ledger_entries as
        select claim_key, 'h' as source_system, date '2025-05-02' as event_date,
            date '2025-05-02' as recorded_date,
            event_type, cast(a as decimal(18, 2)) as ar_amount, cast(c as decimal(18, 2)) as
            cash_amount, cast(0 as decimal(18, 2)) as memo_amount, 'file.edi' as source_file,
            '1/7' as source_position, event_type as ledger_entry_key, 'f' as facility_key,
            'p' as payer_key
        from (values ('x', 'CHARGE', 60, 0), ('y', 'CHARGE', 40, 0),
            ('y', 'PAYER_PAYMENT', -40, 40), ('z', 'CHARGE', 5, 0)
        ) as t (claim_key, event_type, a, c);
        create table fct_denial_events as from (values
            ('x', 'CO', '29', date '2025-05-03'), ('x', 'CO', '16', date '2025-05-02'),
            ('x', 'CO', '29', date '2025-05-09')
        ) as t (claim_key, group_code, reason_code, event_date);
        create table carc_codes as from (values ('29', 'Filed late'), ('B7', 'Not enrolled'))
            as t (reason_code, label);
        create table fct_encounters as
        select 'v' as encounter_key, 'V1' as encounter_id, 'h' as source_system,
            'f' as facility_key, date '2025-05-02' as encounter_date, 'inpatient' as
            encounter_type, 'Ward' as department_name, cast(4 as decimal(18, 2)) as work_rvu;
        create table fct_kpi_records as
        select 'k' as record_key, 'cost' as record_type, 'operations' as source_system,
            'f' as facility_key, date '2025-05-01' as record_date,
            cast(3 as decimal(18, 2)) as quantity, 'costs.csv' as source_file,
            '2' as source_position
    """)
    return con


def test_a_number_is_the_sum_of_its_claims(con: duckdb.DuckDBPyConnection) -> None:
    found = trace.trace(con, "by_dollars")
    assert found.cell.figure.month == MAY
    assert found.cell.amounts == (Decimal("65.00"), Decimal("115.00"))
    assert [part.claim_id for part in found.parts] == ["X", "Z", "Y", None]
    assert found.is_whole


def test_a_part_of_the_business_is_a_part_of_the_sum(con: duckdb.DuckDBPyConnection) -> None:
    found = trace.trace(con, "by_claims", MAY, trace.Scope(facility="hosp", payer="One"))
    assert found.cell.figure.value == 1
    assert [part.claim_id for part in found.parts] == ["X"]


def test_an_amount_has_no_denominator(con: duckdb.DuckDBPyConnection) -> None:
    found = trace.trace(con, "at_risk")
    assert (found.cell.figure.value, found.is_whole) == (Decimal("60.00"), True)


def test_a_missing_claim_is_noticed(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from int_kpi__contributions where kpi = 'by_claims' and claim_key = 'y'")
    assert not trace.trace(con, "by_claims").is_whole


def test_pages_of_a_number_are_its_parts_and_each_knows_the_whole(
    con: duckdb.DuckDBPyConnection,
) -> None:
    whole = trace.trace(con, "by_dollars")
    pages = [trace.trace(con, "by_dollars", limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [len(page.parts) for page in pages] == [3, 1, 0]
    assert pages[0].parts + pages[1].parts == whole.parts
    assert {(page.count, page.is_whole) for page in pages} == {(4, True)}
    assert tuple(trace.all_parts(con, "by_dollars", MAY, trace.Scope())) == whole.parts


def test_a_claim_has_its_denial_reasons_in_the_order_they_came(
    con: duckdb.DuckDBPyConnection,
) -> None:
    reasons = {part.name: part.reasons for part in trace.trace(con, "by_claims").parts}
    assert reasons == {"X": "CO-16; CO-29 Filed late", "Y": None}


def test_what_no_claim_is_behind_stands_by_facility_payer_and_day(
    con: duckdb.DuckDBPyConnection,
) -> None:
    con.execute("""
        update int_kpi__contributions set known_date = date '2025-05-04'
        where kpi = 'by_dollars' and claim_key is null;
        insert into int_kpi__contributions by name
        select * replace (date '2025-05-05' as known_date) from int_kpi__contributions
        where kpi = 'by_dollars' and claim_key is null
    """)
    found = trace.trace(con, "by_dollars")
    days = [part.known_date for part in found.parts if not part.claim_key]
    assert days == [date(2025, 5, 4), date(2025, 5, 5)]
    assert found.whole.days == 2


class TestCashAndWork:
    """A KPI of cash, work and cost is followed to claims, visits, entries of no claim and rows."""

    @pytest.fixture(autouse=True)
    def _counted(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute("""
            insert into fct_ledger_entries by name
            select * replace (
                null as claim_key, 'INTEREST' as event_type, 5 as cash_amount, 0 as ar_amount,
                'i' as ledger_entry_key
            ) from fct_ledger_entries where claim_key = 'z';
            insert into int_kpi__contributions by name
            select 'collections_per_wrvu' as kpi, date '2025-05-01' as period_month,
                date '2025-05-02' as known_date, 'f' as facility_key, *
            from (values
                ('y', 'entry', 'PAYER_PAYMENT', 30, 0), ('y', 'entry', 'again', 10, 0),
                (null, 'entry', 'i', 5, 0), (null, 'cost', 'k', 3, 0), (null, 'visit', 'v', 0, 4)
            ) as t (claim_key, record_type, record_key, numerator, denominator);
            insert into mart_kpi_monthly by name
            select 'collections_per_wrvu' as kpi, date '2025-05-01' as period_month, level as
                aggregation_level, case when level <> 'total' then 'f' end as facility_key,
                48 as numerator, 4 as denominator, level as kpi_value_key
            from (values ('facility and payer'), ('total')) as t (level)
        """)

    def test_each_record_adds_what_is_counted(self, con: duckdb.DuckDBPyConnection) -> None:
        found = trace.trace(con, "collections_per_wrvu")
        assert found.is_whole
        assert (found.whole.rows, found.whole.days) == (1, 0)
        assert [(part.record_key, part.name, part.numerator) for part in found.parts] == [
            ("y", "Y", 40), ("i", "INTEREST", 5), ("k", "cost", 3), ("v", "V1", 0),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "missing",
        [
            "fct_ledger_entries where ledger_entry_key = 'i'",
            "fct_encounters where encounter_key = 'v'",
            "fct_kpi_records where record_key = 'k'",
        ],
    )
    def test_a_record_that_is_missing_is_noticed(
        self, con: duckdb.DuckDBPyConnection, missing: str
    ) -> None:
        assert trace_audit.audit(con, MAY).broken == ()
        con.execute(f"delete from {missing}")
        assert any("leads to no record" in line for line in trace_audit.audit(con, MAY).broken)

    def test_a_visit_and_an_entry_are_shown_alone(self, con: duckdb.DuckDBPyConnection) -> None:
        visit = trace.visit(con, "v")
        assert (visit.visit_id, visit.work_rvu) == ("V1", 4)
        assert [claim.claim_id for claim in visit.claims] == ["X", "Y", "Z"]
        assert trace.entry(con, "i").source_file == "file.edi"
        assert trace.source_row(con, "k").source_position == "2"
        with pytest.raises(trace.UnknownNumber, match="no row with the key x"):
            trace.source_row(con, "x")
        with pytest.raises(trace.UnknownNumber, match="no visit with the key x"):
            trace.visit(con, "x")
        with pytest.raises(trace.UnknownNumber, match="no ledger entry with the key x"):
            trace.entry(con, "x")


def test_a_claim_is_the_sum_of_its_entries(con: duckdb.DuckDBPyConnection) -> None:
    found = trace.claim(con, "y")
    assert found.is_whole
    assert {(e.source_file, e.source_position) for e in found.entries} == {("file.edi", "1/7")}
    con.execute("delete from fct_ledger_entries where event_type = 'PAYER_PAYMENT'")
    assert not trace.claim(con, "y").is_whole


def test_a_claim_says_how_its_net_value_came_about(con: duckdb.DuckDBPyConnection) -> None:
    assert trace.claim(con, "y").valuations == ()  # published before claims were valued
    con.execute("""
        create table int_valuation__entries as
        select 'y' as claim_key, cast(day as date) as recorded_date, columns('amount')
        from (values
            ('2025-06-01', 0.00, -5.00, 0.00, 0.00, -5.00, 40.00, -45.00),
            ('2025-05-02', 51.00, 0.00, 0.00, 0.00, 51.00, 0.00, 51.00)
        ) as t (day, expected_amount, payer_true_up_amount, denial_true_up_amount,
            patient_true_up_amount, net_revenue_amount, cash_amount, net_balance_change_amount);
        create table int_valuation__expected as from (values
            ('y', 'contract', null, 70.00), ('y', 'payer history', 44, 30.00)
        ) as t (claim_key, valuation_method, history_claim_count, charge_amount)
    """)
    found = trace.claim(con, "y")
    assert [day.net_revenue_amount for day in found.valuations] == [Decimal(51), Decimal(-5)]
    assert sum(day.net_balance_change_amount for day in found.valuations) == Decimal(6)
    assert found.methods == "contract; payer history of 44 claims"


def test_two_kpis_are_told_apart_claim_by_claim(con: duckdb.DuckDBPyConnection) -> None:
    _, _, groups = trace.compare(con, "by_claims", "by_dollars")
    told = {group.reason: (group.claims, group.example) for group in groups}
    assert told == {
        "counted by both with another weight": (1, "X"),
        "weighs differently in both": (1, "Y"),
        "only by_dollars looks at it": (1, "Z"),
        "of no claim": (0, ""),
    }
    firsts = sum((group.first[0] for group in groups), Decimal(0))
    seconds = sum((group.second[1] for group in groups), Decimal(0))
    assert (firsts, seconds) == (Decimal("1.00"), Decimal("115.00"))


@pytest.mark.parametrize(
    ("kpi", "scope", "message"),
    [
        ("nonsense", trace.Scope(), "there is: by_claims, by_dollars, at_risk"),
        ("by_claims", trace.Scope(facility="nowhere"), "there is, for example: HOSP"),
        ("at_risk", trace.Scope(payer="Two"), "there are values from 2025-05 to 2025-05"),
    ],
)
def test_what_is_not_there_is_told_in_words(
    con: duckdb.DuckDBPyConnection, kpi: str, scope: trace.Scope, message: str
) -> None:
    with pytest.raises(trace.UnknownNumber, match=message):
        trace.trace(con, kpi, None, scope)


def test_every_published_number_is_whole(built: Built) -> None:
    with built.published() as con:
        cells = con.execute(
            "select kpi, max(period_month) from mart_kpi_monthly group by kpi"
        ).fetchall()
        assert cells
        assert [kpi for kpi, month in cells if not trace.trace(con, kpi, month).is_whole] == []


def test_every_part_of_a_headline_is_a_record_that_can_be_opened(built: Built) -> None:
    with built.published() as con:
        headlines = [
            definition.kpi for definition, _ in Figures(con).latest() if definition.is_headline
        ]
        assert len(headlines) == 6
        for kpi in headlines:
            found = trace.trace(con, kpi)
            assert found.is_whole, kpi
            assert found.whole.days == 0, kpi
            assert all(part.record_key for part in found.parts), kpi


def test_every_number_is_followed_to_its_records(built: Built) -> None:
    with built.published() as con:
        unnamed = con.execute(
            "select distinct kpi from int_kpi__contributions "
            "where claim_key is null and record_key is null"
        ).fetchall()
        assert unnamed == []
        for kpi in ("pre_registration_rate", "cost_per_wrvu", "cost_to_collect", "dnfb_days"):
            found = trace.trace(con, kpi)
            assert found.whole.days == 0, kpi
            assert all(part.name for part in found.parts), kpi
        costs = [part for part in trace.trace(con, "cost_per_wrvu").parts if part.row_key]
        row = trace.source_row(con, str(costs[0].row_key))
    assert row.quantity == costs[0].numerator
    place = source_excerpts.Archive(built.settings).find(
        row.source_system, row.source_file, row.source_position
    )
    assert f"{row.quantity}" in {line.text for line in place.lines}


@pytest.mark.parametrize("level", ["total", "facility", "payer"])
def test_each_level_is_the_sum_of_what_is_below(built: Built, level: str) -> None:
    with built.published() as con:
        wrong = con.execute(
            """
            select kpi, period_month from mart_kpi_monthly group by kpi, period_month
            having sum(numerator) filter (aggregation_level = ?)
                    is distinct from sum(numerator) filter (aggregation_level like '%and%')
                or sum(denominator) filter (aggregation_level = ?)
                    is distinct from sum(denominator) filter (aggregation_level like '%and%')
            """,
            [level, level],
        ).fetchall()
    assert wrong == []


def test_leaders_figures_are_those_of_the_claims(built: Built) -> None:
    with (
        built.published() as con,
        open_published(built.settings.published_dir, "leadership") as other,
    ):
        theirs = Figures(other, "leadership")
        compared = theirs.latest()
        assert {definition.kpi for definition, _ in compared} == headlines_by_month(other)
        for definition, month in compared:
            assert trace.trace(con, definition.kpi, month.month).cell.amounts == (
                month.numerator,
                month.denominator,
            )
            places = theirs.places(definition.kpi, month.month)
            assert sum(place.numerator for place in places) == month.numerator


def test_the_command_follows_a_number_to_its_files(rcm: RunCli, built: Built) -> None:
    shown = rcm("trace", "initial_denial_rate", home=built.settings.home).stdout
    assert "sum to it exactly" in shown
    assert "835/" in shown
    shown = rcm(
        "trace", "--compare", "denial_rate_claims", "denial_rate_dollars", home=built.settings.home
    ).stdout
    assert "Why they differ" in shown


class TestAudit:
    def test_every_level_is_traced_to_files(self, con: duckdb.DuckDBPyConnection) -> None:
        found = trace_audit.audit(con, MAY)
        assert (found.cells, found.claims, found.broken) == (8, 3, ())
        assert found.entries == 4

    def test_two_payers_with_one_number_are_two(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute("update dim_payer set payer_id = '1', payer_name = 'One'")
        assert trace_audit.audit(con, MAY).broken == ()

    def test_every_kpi_has_its_turn(self, con: duckdb.DuckDBPyConnection) -> None:
        drawn = [cell.kpi for cell in trace_audit._draw(con, MAY, 4)]
        assert set(drawn[:3]) == {"by_claims", "by_dollars", "at_risk"}
        assert len(drawn) == 4

    def test_a_day_draws_its_own_cells(self, con: duckdb.DuckDBPyConnection) -> None:
        def drawn(day: int) -> list[str]:
            found = trace_audit._draw(con, date(2025, 5, day), 3)
            return [f"{cell} {cell.published}" for cell in found]

        assert drawn(1) == drawn(1)
        assert any(drawn(day) != drawn(1) for day in range(2, 6))

    @pytest.mark.parametrize(
        ("damage", "says"),
        [
            (
                "update int_kpi__contributions set numerator = numerator + 0.01 "
                "where kpi = 'at_risk'",
                "at_risk 2025-05: its claims do not sum to what is published",
            ),
            (
                "update mart_kpi_monthly set numerator = 2 "
                "where kpi = 'by_claims' and aggregation_level = 'total'",
                "by_claims 2025-05: its claims do not sum to what is published",
            ),
            (
                "update fct_ledger_entries set ar_amount = 59 where claim_key = 'x'",
                "the entries of claim key x do not sum to its balance",
            ),
            (
                "update fct_ledger_entries set source_file = null where claim_key = 'x'",
                "an entry of claim key x names no file",
            ),
        ],
    )
    def test_what_does_not_sum_is_named(
        self, con: duckdb.DuckDBPyConnection, damage: str, says: str
    ) -> None:
        con.execute(damage)
        assert any(says in line for line in trace_audit.audit(con, MAY).broken)
