"""What fits a column, and how rows are parted into good and bad."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from rcm_platform.sources import tabular
from rcm_platform.sources.tabular import Kind, layout

FITS = {
    Kind.MONEY: (
        [
            "0",
            "12",
            "12.5",
            "-12.50",
            "+0.01",
            ".5",
            "5.",
            "12.3000",
            " 7.10 ",
            "",
            None,
            "1,200.00",
            "$5",
            "-$1,234,567.8",
            "$ -5.00",
            "($45.10)",
            " (1,045) ",
            "45.00-",
        ],
        [
            "12.345",
            "1e3",
            "1_000",
            "NaN",
            "abc",
            "12.3.4",
            "-",
            "9" * 17,
            ".",
            "1,50.00",
            "1.234,56",
            "12,345,6",
            "(5",
            "(-5)",
            "-5-",
            "$",
            "()",
            "5 USD",
            "€5",
        ],
    ),
    Kind.INTEGER: (
        ["1", "-7", "+3", "4.0", "", None],
        ["1.5", "1e3", "x", "1_0", "9" * 10, "9" * 19],
    ),
    Kind.QUANTITY: (["1.30", "0", "2.", "", None], ["1.305", "x", "12345678"]),
    Kind.NUMBER: (["1.0E10", "3.14159", "-2", ".5", "", None], ["inf", "nan", "x", "1,0"]),
    Kind.DATE: (
        ["2025-03-01", "2024-02-29", "2025-03-01T10:00:00Z", "1918-10-29 16:42:39", "", None],
        ["2025-02-29", "03/01/2025", "20250301", "epoch", "0000-00-00", "tomorrow"],
    ),
    Kind.TIMESTAMP: (["2025-03-01T10:00:00Z", "2025-03-01"], ["10:00", "2025-13-01"]),
}


@pytest.mark.parametrize("kind", FITS)
def test_what_fits_a_kind_and_what_does_not(kind: Kind) -> None:
    good, bad = FITS[kind]
    with duckdb.connect() as con:
        con.execute("create table t (v varchar)")
        con.executemany("insert into t values (?)", [[value] for value in [*good, *bad]])
        rows = con.execute(f"select v, {kind.fits('v')} from t").fetchall()
        assert rows == [(v, True) for v in good] + [(v, False) for v in bad]
        # and whatever fits can be cast by those who read it
        con.execute(
            f"select cast(nullif(trim({tabular.plain_amount('v')}), '') as {kind}) "
            f"from t where {kind.fits('v')}"
        ).fetchall()


def check(rows: str, *, as_text: bool = True, key: str = "id") -> tuple[list[tuple], list[tuple]]:
    expected = layout("id amount:money day:date note", key, dollars={"paid": ("amount", "true")})
    with duckdb.connect() as con:
        con.execute(
            f"create table r as select *, 'f.csv' as _file, row_number() over () as _row, "
            f"cast(null as varchar) as _position, date '2025-03-01' as _arrival_date from {rows}"
        )
        bad = tabular.check(con, "r", expected, as_text=as_text)
        good = con.execute("select * exclude (_file, _arrival_date, _position) from r_good")
        return good.fetchall(), [(b.position, b.rule_id, b.reason, b.amount) for b in bad]


def test_good_rows_have_the_layouts_columns_then_their_own() -> None:
    good, bad = check("(values ('a', '1.50', 'x')) as v (id, amount, colour)")
    assert good == [("a", "1.50", None, None, "x", 1)]
    assert bad == []


def test_typed_rows_are_cast() -> None:
    good, _ = check("(values ('a', '1.50', '2025-03-01')) as v (id, amount, day)", as_text=False)
    assert [str(value) for value in good[0]] == ["a", "1.50", "2025-03-01", "None", "1"]


@pytest.mark.parametrize("as_text", [True, False])
def test_an_amount_as_people_write_it_is_the_number(as_text: bool) -> None:
    written = {"$1,234.50": "1234.50", "(45.1)": "-45.1", "-$5": "-5", "45.00-": "-45.00"}
    rows = ", ".join(f"('{i}', '{text}')" for i, text in enumerate(written))
    good, bad = check(f"(values {rows}) as v (id, amount)", as_text=as_text)
    assert bad == []
    assert [Decimal(row[1]) for row in good] == [Decimal(text) for text in written.values()]


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("blank", ["\u00a0", "\u2007", "\u202f", " "])
def test_blanks_of_any_kind_around_a_value_are_no_part_of_it(blank: str, as_text: bool) -> None:
    row = f"(values ('a', '{blank}5.00', '2025-03-01{blank}')) as v (id, amount, day)"
    good, bad = check(row, as_text=as_text)
    assert bad == []
    assert [str(value) for value in good[0][1:3]] == ["5.00", "2025-03-01"]


def test_a_held_row_has_its_dollars_however_they_are_written() -> None:
    _, bad = check("(values (null, '$1,234.50'), (' ', '(45.10)')) as v (id, amount)")
    assert [row[3] for row in bad] == [Decimal("1234.50"), Decimal("-45.10")]


def test_a_held_amount_of_a_binary_fraction_is_the_nearest() -> None:
    row = "(select 'a' as id, 1234567.875::float as amount)"
    assert check(row, as_text=False)[1][0][3] == Decimal("1234567.88")


@pytest.mark.parametrize("day", ["date '20250-01-01'", "date '44-03-15 (BC)'"])
def test_a_year_that_is_none_is_no_date(day: str) -> None:
    good, bad = check(f"(select 'a' as id, {day} as day)", as_text=False)
    assert (good, bad[0][1:3]) == ([], ("T3", "day is not a date (yyyy-mm-dd)"))


def test_a_bad_row_says_which_rule_and_never_which_value() -> None:
    _, bad = check(
        "(values ('a', 'much', 'soon'), ('', '2.00', null), ('b', '3.00', null), "
        "('b', '3.00', null)) as v (id, amount, day)"
    )
    assert [(position, rule) for position, rule, _, _ in bad] == [
        ("1", "T3"),
        ("2", "T4"),
        ("4", "T4"),
    ]
    assert bad[0][2] == (
        "amount is not an amount in dollars and cents; day is not a date (yyyy-mm-dd)"
    )
    assert bad[1][2] == "the key (id) is blank"
    assert bad[2][2] == "the key (id) repeats that of row 3"
    assert [str(amount) for _, _, _, amount in bad] == ["None", "2.00", "3.00"]


def test_a_broken_row_does_not_take_the_key_from_a_good_one() -> None:
    good, bad = check("(values ('a', 'much'), ('a', '2.00')) as v (id, amount)")
    assert [row[0] for row in good] == ["a"]
    assert [position for position, *_ in bad] == ["1"]


def test_without_a_key_the_whole_row_is_one() -> None:
    good, bad = check(
        "(values ('a', null, '2025-03-01'), ('a', '1', '2025-03-01'), ('a', null, '2025-03-01')) "
        "as v (id, amount, day)",
        key="",
    )
    assert len(good) == 2
    assert bad == [("3", "T4", "the whole row repeats that of row 1", None)]
