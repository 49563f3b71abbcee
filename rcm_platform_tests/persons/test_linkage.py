"""Identity: one person is found behind several records, and two persons never become one."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcm_platform.benchmarks.persons import patient_records
from rcm_platform.persons import (
    MAX_SHARING,
    RECORD_SCHEMA,
    Linkage,
    Override,
    OverrideError,
    Weights,
    compare,
    comparisons,
    estimate,
    evaluate,
    link,
    read_overrides,
)

SEED = Path(__file__).parents[2] / "rcm_dbt" / "seeds" / "person_overrides.csv"
HEADER = SEED.read_text().splitlines()[0]
FIRST, LATER = date(2025, 1, 2), date(2025, 3, 4)
WILLIAM = {
    "first_name": "William",
    "last_name": "Okafor",
    "middle_name": "T",
    "ssn": "921-44-7710",
    "phone_number": "(614) 555-0188",
    "gender": "Male",
    "birth_date": date(1985, 4, 23),
    "address": "4410 Birch Lane, Columbus, OH 43215",
}
STRANGER = {
    "first_name": "Priya",
    "last_name": "Lindqvist",
    "middle_name": "K",
    "ssn": "933-02-1185",
    "phone_number": "513-555-0142",
    "gender": "F",
    "birth_date": date(1962, 11, 9),
    "address": "77 Quarry Road, Dayton, OH 45402",
}


def record(key: str, base: dict[str, Any] = WILLIAM, day: date = FIRST, **other: Any) -> dict:
    """One version of a record; `key` is system:patient."""
    system, patient = key.split(":")
    return {"source_system": system, "patient_id": patient, "arrival_date": day, **base, **other}


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), RECORD_SCHEMA)


def override(left: str, right: str, decision: str) -> Override:
    one, other = sorted((left, right))
    return Override((*one.split(":"),), (*other.split(":"),), decision, 2)  # type: ignore[arg-type]


def persons(linkage: Linkage) -> list[set[str]]:
    """Sets of records that are one person, as system:patient."""
    found: dict[str, set[str]] = {}
    for row in linkage.members.to_pylist():
        key = f"{row['source_system']}:{row['patient_id']}"
        found.setdefault(row["person_id"], set()).add(key)
    return sorted(found.values(), key=min)


def pair(linkage: Linkage, left: str, right: str) -> dict[str, Any]:
    """The row of `pairs` on two records."""
    for row in linkage.pairs.to_pylist():
        keys = [f"{row[s + '_source_system']}:{row[s + '_patient_id']}" for s in ("left", "right")]
        if keys == sorted((left, right)):
            return row
    raise AssertionError(f"no pair {left}, {right}")


def test_one_person_is_found_despite_slips_and_other_spellings() -> None:
    found = link(
        table(
            record("a:1"),
            record("b:7", first_name="BILL", last_name="OKAFRO", ssn=None, gender="M"),
            record("b:8", STRANGER),
        )
    )
    assert persons(found) == [{"a:1", "b:7"}, {"b:8"}]
    evidence = pair(found, "a:1", "b:7")
    assert evidence["decision"] == "linked"
    assert {f: evidence[f] for f in ("given_name", "family_name", "ssn", "birth_date")} == {
        "given_name": "nickname",
        "family_name": "close",
        "ssn": "absent",
        "birth_date": "exact",
    }


def test_swapped_names_and_swapped_day_and_month_are_seen() -> None:
    found = link(
        table(
            record("a:1", birth_date=date(1985, 4, 3)),
            record("b:1", first_name="Okafor", last_name="William", birth_date=date(1985, 3, 4)),
        )
    )
    evidence = pair(found, "a:1", "b:1")
    assert (evidence["given_name"], evidence["family_name"]) == ("swapped", "swapped")
    assert evidence["birth_date"] == "swapped"
    assert evidence["decision"] == "linked"


def test_an_equal_ssn_alone_or_an_equal_patient_id_links_nobody() -> None:
    rows = table(record("a:P1"), record("b:P1", STRANGER, ssn=WILLIAM["ssn"]))
    assert persons(link(rows)) == [{"a:P1"}, {"b:P1"}]
    evidence = compare(rows, [(("a", "P1"), ("b", "P1"))]).to_pylist()[0]
    assert evidence["ssn"] == "exact"
    assert evidence["match_weight"] < 0


TWIN = {"first_name": "Wilbur", "middle_name": "A", "ssn": "921-44-7711"}


@pytest.mark.parametrize(
    "other",
    [
        TWIN,
        TWIN | {"ssn": None},
        # a similar name is no slip of the pen where the rest of the person differs
        TWIN | {"first_name": "Willem"},
        TWIN | {"first_name": "Gilliam", "middle_name": None},
    ],
)
def test_twins_stay_two_persons(other: dict[str, Any]) -> None:
    found = link(table(record("a:1"), record("b:2", **other)))
    assert persons(found) == [{"a:1"}, {"b:2"}]
    assert pair(found, "a:1", "b:2")["decision"] == "rejected"


def test_twins_are_not_joined_through_a_third_record() -> None:
    """Will may be William or Wilbur: he stays with the one that fits best."""
    will = {"first_name": "Will", "ssn": None, "middle_name": None}
    found = link(
        table(record("a:1"), record("a:2", **TWIN), record("b:3", **will, phone_number=None))
    )
    assert persons(found) == [{"a:1", "b:3"}, {"a:2"}]
    refused = pair(found, "a:2", "b:3")
    assert refused["decision"] == "review"
    assert refused["reason"] == "would join records that contradict each other"


def test_father_and_son_of_one_name_and_home_are_two() -> None:
    son = record("b:1", birth_date=date(2011, 8, 30), ssn=None, last_name="Okafor Jr")
    found = link(table(record("a:1"), son))
    assert persons(found) == [{"a:1"}, {"b:1"}]
    assert pair(found, "a:1", "b:1")["reason"] == "birth dates differ, no equal SSN"


def test_newborns_without_a_name_are_for_people_to_look_at() -> None:
    baby = {"first_name": "Baby Boy", "ssn": None, "middle_name": None}
    found = link(table(record("a:1", **baby), record("b:1", **baby)))
    assert persons(found) == [{"a:1"}, {"b:1"}]
    assert pair(found, "a:1", "b:1")["decision"] == "review"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Girl1Maria", "Girl2Maria"),
        ("1Lenasboy", "2Lenasboy"),
        ("Baby Boy A", "Baby Boy B"),
        ("Boy A Maria", "Boy B Maria"),
        ("BG1", "BG 2"),
        ("Infant Boy A", "Infant Boy B"),
        ("BabyboyA", "BabyboyB"),
        ("Maria Twin A", "Maria Twin B"),
        ("Triplet B", "Triplet C"),
    ],
)
def test_newborns_of_one_birth_are_told_by_their_order(first: str, second: str) -> None:
    """Nothing else differs, and a number is no slip of the keyboard."""
    born = {"ssn": None, "middle_name": None}
    found = link(
        table(
            record("a:1", first_name=first, **born),
            record("a:2", first_name=second, **born),
            record("b:1", first_name=first.upper(), **born),
        )
    )
    assert pair(found, "a:1", "a:2")["decision"] == "rejected"
    assert pair(found, "a:2", "b:1")["decision"] == "rejected"


@pytest.mark.parametrize(
    "name", ["BG", "BB", "Baby G", "Newborn Girl", "NB", "Infant Boy", "NB Female"]
)
def test_newborns_by_an_abbreviation_have_no_name_yet(name: str) -> None:
    born = {"first_name": name, "ssn": None, "middle_name": None}
    found = link(table(record("a:1", **born), record("b:1", **born)))
    assert persons(found) == [{"a:1"}, {"b:1"}]
    assert pair(found, "a:1", "b:1")["decision"] == "review"


def test_a_name_that_only_looks_like_an_order_is_a_name() -> None:
    boyd = {"first_name": "Boyd", "ssn": None}
    assert len(persons(link(table(record("a:1", **boyd), record("b:1", **boyd))))) == 1


def test_name_and_birth_date_alone_are_not_enough() -> None:
    there = {"ssn": None, "phone_number": None, "address": None, "middle_name": None}
    found = link(table(record("a:1"), record("b:1", **there)))
    assert persons(found) == [{"a:1"}, {"b:1"}]
    assert pair(found, "a:1", "b:1")["decision"] == "review"


def test_an_earlier_version_finds_who_has_married_and_moved() -> None:
    later = {
        "last_name": "Szymanski",
        "phone_number": "937-555-0101",
        "address": "9 Elm Court, Akron, OH 44304",
    }
    at_a = record("a:1", ssn=None), record("a:1", day=LATER, ssn=None, **later)
    at_b = record("b:1", ssn=None)
    assert persons(link(table(*at_a, at_b))) == [{"a:1", "b:1"}]
    assert persons(link(table(at_a[1], at_b))) == [{"a:1"}, {"b:1"}]


def test_a_third_hospital_needs_no_change() -> None:
    found = link(table(record("a:1"), record("b:1"), record("mercy:0042"), record("a:2", STRANGER)))
    assert persons(found) == [{"a:1", "b:1", "mercy:0042"}, {"a:2"}]
    assert set(found.members["cluster_size"].to_pylist()) == {1, 3}


def test_fillers_and_numbers_that_many_share_count_as_absent() -> None:
    fillers = {
        "ssn": "999-99-9999",
        "phone_number": "1-000-000-0000",
        "address": "Unknown",
        "middle_name": "NMN",
    }
    many = [
        record(f"a:{n}", STRANGER, ssn=f"91{n * 1234577 % 10**7:07}", address=f"{n} Oak St")
        for n in range(MAX_SHARING + 1)
    ]
    evidence = compare(
        table(record("x:1", **fillers), record("x:2", **fillers), *many),
        [(("x", "1"), ("x", "2")), (("a", "1"), ("a", "2"))],
    ).to_pylist()
    for field in ("ssn", "phone", "address", "middle_initial"):
        assert evidence[1][field] == "absent"
    assert evidence[0]["phone"] == "absent"
    assert evidence[0]["ssn"] == "differs"


def test_a_number_that_becomes_common_is_dropped_from_earlier_evidence() -> None:
    same = {"ssn": None, "address": None}
    rows = [record("x:1", **same), record("x:2", **same)]
    crowd = [
        record(f"a:{n}", STRANGER, ssn=None, address=None, phone_number=WILLIAM["phone_number"])
        for n in range(MAX_SHARING)
    ]
    first = link(table(*rows))
    assert persons(first) == [{"x:1", "x:2"}]
    later = link(table(*rows, *crowd), previous=first)
    assert {"x:1"} in persons(later)
    at_once = link(table(*crowd, *rows))
    assert later.pairs.equals(at_once.pairs)
    assert later.members.equals(at_once.members)


def test_an_unlink_separates_also_what_others_connect() -> None:
    rows = table(record("a:1"), record("b:1"), record("c:1", ssn=None))
    assert persons(link(rows)) == [{"a:1", "b:1", "c:1"}]
    found = link(rows, [override("a:1", "c:1", "unlink")])
    assert persons(found) == [{"a:1", "b:1"}, {"c:1"}]
    assert pair(found, "a:1", "c:1")["decision"] == "rejected"
    assert pair(found, "a:1", "c:1")["override"] == "unlink"
    assert found.members["membership"].to_pylist() == ["override", "linked", "override"]


def test_a_link_joins_whatever_the_score() -> None:
    rows = table(record("a:1"), record("b:1", STRANGER), record("c:1"))
    found = link(rows, [override("b:1", "a:1", "link")])
    assert persons(found) == [{"a:1", "b:1", "c:1"}]
    assert pair(found, "b:1", "c:1")["reason"] == "override of another pair"
    row = pair(found, "a:1", "b:1")
    assert (row["decision"], row["reason"], row["override"]) == ("linked", "override", "link")
    # and taking it back leaves no trace
    assert link(rows, previous=found).members.equals(link(rows).members)


def test_an_override_of_an_unknown_record_is_ignored_and_reported() -> None:
    unknown = override("a:1", "b:404", "link")
    found = link(table(record("a:1")), [unknown])
    assert found.ignored_overrides == (unknown,)
    assert persons(found) == [{"a:1"}]


def test_the_shipped_overrides_can_be_read() -> None:
    assert read_overrides(SEED) == ()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a,1,b,1,merge,,me,2025-01-01"], "line 2: decision must be link or unlink"),
        (["a,1,a,1,link,,me,2025-01-01"], "line 2 pairs a record with itself"),
        (["a,1,,1,link,,me,2025-01-01"], "line 2 names no whole pair"),
        (["a,1,b,1,link,,,", "b,1,a,1,unlink,,,"], "line 3 unlinks"),
        (["a,1,b,1,link,,,", "a,1,c,1,unlink,,,", "b,1,c,1,link,,,"], "line 3 unlinks"),
    ],
)
def test_impossible_overrides_are_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text("\n".join([HEADER, *lines]))
    with pytest.raises(OverrideError, match=message):
        read_overrides(path)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "overrides.csv"
    path.write_text("left_patient_id\n1\n")
    with pytest.raises(OverrideError, match="lacks the columns"):
        read_overrides(path)


def test_a_person_keeps_its_id_when_records_arrive() -> None:
    first = link(table(record("z:1"), record("m:1", STRANGER)))
    later = link(
        table(record("z:1"), record("a:1", day=LATER), record("m:1", STRANGER)), previous=first
    )

    def ids(linkage: Linkage) -> dict[str, str]:
        rows = linkage.members.to_pylist()
        return {f"{row['source_system']}:{row['patient_id']}": row["person_id"] for row in rows}

    assert later.records_scored == 1
    assert ids(later)["a:1"] == ids(later)["z:1"] == ids(first)["z:1"]
    assert ids(later)["m:1"] == ids(first)["m:1"]


@pytest.fixture(scope="module")
def some_patients() -> tuple[pa.Table, Linkage]:
    """Six hundred records, a tenth of them with a second version; and their linkage at once."""
    rows = patient_records(300)
    moved = rows.slice(0, 60).set_column(
        rows.schema.get_field_index("address"),
        "address",
        pa.array([f"{n} Juniper Way, Lima, OH 45801" for n in range(60)]),
    )
    moved = moved.set_column(
        moved.schema.get_field_index("arrival_date"),
        "arrival_date",
        pa.array([LATER] * 60, pa.date32()),
    )
    whole = pa.concat_tables([rows, moved])
    return whole, link(whole)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), cuts=st.lists(st.floats(0, 1), min_size=1, max_size=1))
def test_arrival_in_any_order_and_parts_gives_the_same(
    some_patients: tuple[pa.Table, Linkage], seed: int, cuts: list[float]
) -> None:
    rows, at_once = some_patients
    order = np.random.default_rng(seed).permutation(rows.num_rows)
    so_far: Linkage | None = None
    for end in [*sorted(int(cut * rows.num_rows) for cut in cuts), rows.num_rows]:
        so_far = link(rows.take(pa.array(order[:end])), previous=so_far)
    assert so_far is not None
    assert so_far.pairs.equals(at_once.pairs)
    assert so_far.members.equals(at_once.members)
    assert at_once.pairs.filter(pa.compute.equal(at_once.pairs["decision"], "linked")).num_rows > 10


def test_what_was_compared_is_not_compared_again(some_patients: tuple[pa.Table, Linkage]) -> None:
    rows, at_once = some_patients
    again = link(rows, previous=(at_once.pairs, at_once.members))
    assert (again.records_scored, again.candidates) == (0, 0)
    assert again.pairs.equals(at_once.pairs)


def test_no_value_of_a_patient_leaves(
    some_patients: tuple[pa.Table, Linkage], capfd: pytest.CaptureFixture[str]
) -> None:
    rows, _ = some_patients
    noisy = logging.getLogger("splink")
    noisy.setLevel(logging.DEBUG)
    found = link(rows)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
    said = str(found.pairs.to_pydict()) + str(found.members.to_pydict())
    for column in ("last_name", "ssn", "phone_number", "address"):
        assert not [value for value in rows[column].to_pylist() if value and value in said]


def test_a_relation_is_read_like_a_table() -> None:
    with duckdb.connect() as con:
        rows = table(record("a:1"), record("b:1"))
        assert persons(link(con.from_arrow(rows))) == [{"a:1", "b:1"}]


def test_records_without_key_or_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="lack the columns address"):
        link(table(record("a:1")).drop_columns(["address"]))
    with pytest.raises(ValueError, match="1 patient records have no"):
        link(table(record("a:1") | {"patient_id": None}))


def test_nothing_at_all_can_be_linked() -> None:
    found = link(RECORD_SCHEMA.empty_table())
    assert (found.pairs.num_rows, found.members.num_rows) == (0, 0)


def test_evaluation_counts_pairs_exactly() -> None:
    rows = table(*(record(f"{s}:1") for s in "abc"), record("d:1", STRANGER), record("e:1", TWIN))
    found = link(rows, [override("a:1", "d:1", "link")])
    truth = pa.table(
        {
            "source_system": list("abcd"),
            "patient_id": ["1"] * 4,
            "person_id": ["x", "x", "y", "y"],
        }
    )
    result = evaluate(found, truth, rows)
    assert (result.true_positives, result.false_positives, result.false_negatives) == (2, 4, 0)
    assert (result.precision, result.recall) == (2 / 6, 1.0)
    worst = result.worst_false_positives
    assert worst.num_rows == 4
    assert worst["match_weight"].to_pylist() == sorted(worst["match_weight"].to_pylist())[::-1]


def test_weights_are_those_of_the_levels(tmp_path: Path) -> None:
    shipped = Weights.read()
    path = tmp_path / "weights.csv"
    shipped.write(path)
    assert Weights.read(path) == shipped
    path.write_text(path.read_text().replace("ssn,exact", "ssn,alike"))
    with pytest.raises(ValueError, match="each field and level once"):
        Weights.read(path)
    shipped.write(path)
    path.write_text(path.read_text().replace("ssn,exact,0.", "ssn,exact,7."))
    with pytest.raises(ValueError, match="ssn exact"):
        Weights.read(path)


def test_weights_can_be_estimated_from_records_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "_RANDOM_PAIRS", 2e4)
    weights = estimate(patient_records(400))
    for field in comparisons.LEVELS:
        exact, differs = weights.of(field, "exact"), weights.of(field, "differs")
        assert exact.m_probability > 0.7
        assert exact.m_probability > exact.u_probability
        assert differs.m_probability < differs.u_probability


def test_importing_it_is_cheap_and_needs_neither_world_nor_orchestration() -> None:
    code = (
        "import sys, rcm_platform.persons; "
        "print([m for m in ('splink', 'dagster', 'rcm_platform.world') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.prove
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_medium_world_is_linked(seed: int, tmp_path: Path) -> None:
    """Precision at least 99.9 %, recall at least 97 %, and no twins merged; worst cases printed."""
    from rcm_platform.world import generate

    generate(
        tmp_path / "w",
        seed=seed,
        size="medium",
        start=date(2024, 10, 1),
        through=date(2025, 12, 31),
    )
    truth = tmp_path / "w" / "truth" / "knowable"
    with duckdb.connect() as con:
        for letter in "ab":
            con.execute(f"attach '{tmp_path}/w/hospital_{letter}.duckdb' as {letter} (read_only)")
        rows = con.execute(
            f"""with found as (
                select 'hospital_a' as source_system, * from a.patients
                union all select 'hospital_b', * from b.patients
            )
            select found.source_system, known.patient_id, known.arrival_date,
                firstname as first_name, lastname as last_name, middlename as middle_name,
                ssn as ssn, phonenumber as phone_number, gender as gender, dob as birth_date,
                address as address
            from found join '{truth}/patients.parquet' as known
            on (found.source_system, patientid) = (known.source_system, known.patient_id)"""
        ).to_arrow_table()
        persons_table = con.execute(f"from '{truth}/persons.parquet'").to_arrow_table()
    found = link(rows)
    result = evaluate(found, persons_table, rows)
    print(f"\nseed {seed}: precision {result.precision:.5f}, recall {result.recall:.5f}")
    for cases in (result.worst_false_positives, result.worst_false_negatives):
        for case in cases.drop_columns(["left_hash", "right_hash", "found_by"]).to_pylist():
            print(case)
    assert result.precision >= 0.999
    assert result.recall >= 0.97
    with duckdb.connect() as con:
        con.register("members", found.members)
        con.register("truth", persons_table)
        merged = con.execute(
            "select count(*) from members join truth using (source_system, patient_id) "
            "group by members.person_id having count(distinct truth.person_id) > 1 "
            "and count(distinct household_id) = 1"
        ).fetchall()
    assert merged == []
