"""People: who is shared, who is a twin, what records get wrong, and how they change."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from rcm_platform.world.happened.identity import NamePool, rates
from rcm_platform.world.happened.patient_versions import Versions, versions
from rcm_platform.world.happened.people import Patients, patients
from rcm_platform.world.happened.record_errors import (
    ADDRESS,
    BIRTH_DATE,
    FIRST_NAME,
    IDENTIFYING_FIELDS,
    LAST_NAME,
    PHONE,
    SSN,
)
from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws

START = to_day(date(2025, 1, 1))
PARAMETERS, DRAWS = Parameters(), Draws(11)
EXISTING = 12_000


def registered(days: int, rate: FaultRates | None = None) -> Patients:
    """Two hospitals; ten and seven new patients a day."""
    new = [np.repeat(START + np.arange(days), count) for count in (10, 7)]
    return patients(PARAMETERS, DRAWS, np.array([EXISTING, EXISTING]), new, START, rate)


@pytest.fixture(scope="module")
def people() -> Patients:
    return registered(300)


@pytest.fixture(scope="module")
def pairs(people: Patients) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the two records of each person who has both."""
    second = int(people.first_row[1])
    _, first, other = np.intersect1d(
        people.person[:second], people.person[second:], assume_unique=True, return_indices=True
    )
    return first, other + second


def texts(people: Patients) -> dict[int, np.ndarray]:
    """Per identifying field its values, one per record."""
    streets, towns = people.streets.to_pylist(), people.town.tolist()
    return {
        FIRST_NAME: np.array(people.first_names.to_pylist()),
        LAST_NAME: np.array(people.last_names.to_pylist()),
        BIRTH_DATE: people.birth_day,
        SSN: np.array(people.social_security_numbers.to_pylist()),
        PHONE: np.array(people.phones.to_pylist()),
        ADDRESS: np.array([f"{s} {t}" for s, t in zip(streets, towns, strict=True)]),
    }


def differing(people: Patients, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Pairs x identifying fields: both records say something, and not the same."""
    values, (one, other) = texts(people), pairs
    columns = [values[field][one] != values[field][other] for field in range(6)]
    ssn = values[SSN]
    columns[SSN] &= (ssn[one] != "") & (ssn[other] != "")
    return np.stack(columns, axis=1)


def test_a_record_is_one_person_and_fifteen_per_cent_are_shared(
    people: Patients, pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    for hospital in (0, 1):
        own = people.person[people.hospital == hospital]
        assert len(np.unique(own)) == len(own)
    assert abs(len(pairs[0]) / (people.hospital == 1).sum() - 0.15) < 0.01
    assert (people.number[pairs[0]] != people.number[pairs[1]]).all()
    # also among those who came after the world began
    assert (people.registered_day[pairs[1]] >= START).sum() > 200


def test_two_fields_differ_in_fifteen_per_cent_of_pairs(
    people: Patients, pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    found = differing(people, pairs)
    assert abs((found.sum(axis=1) >= 2).mean() - 0.15) < 0.02
    assert 0.5 < (found.sum(axis=1) == 0).mean() < 0.6
    assert (found.mean(axis=0) > 0.04).all()


def test_the_records_differ_where_the_errors_say(
    people: Patients, pairs: tuple[np.ndarray, np.ndarray]
) -> None:
    old = (people.registered_day[pairs[0]] < START) & (people.registered_day[pairs[1]] < START)
    both = pairs[0][old], pairs[1][old]
    found = differing(people, both)
    wrong = people.errors.fields[both[0]] | people.errors.fields[both[1]]
    assert (people.errors.fields[both[0]] & people.errors.fields[both[1]] == 0).all()
    for field in range(len(IDENTIFYING_FIELDS)):
        assert ((wrong >> field) % 2 == found[:, field]).all(), IDENTIFYING_FIELDS[field]


def test_numbers_are_absent_or_of_the_range_that_nobody_has(people: Patients) -> None:
    ssn = np.array(people.social_security_numbers.to_pylist())
    assert abs((ssn == "").mean() - 0.20) < 0.01
    assert all(text[0] == "9" and len(text) == 11 for text in ssn[ssn != ""].tolist())
    right = (ssn != "") & ~people.errors.of(SSN)
    of_person = dict(zip(people.person[right].tolist(), ssn[right].tolist(), strict=True))
    assert len(set(of_person.values())) == len(of_person)
    initials = people.middle_initials.to_pylist()
    assert 0.2 < initials.count("") / len(initials) < 0.3
    phones = people.phones.to_pylist()
    assert all(len(text) == 12 and text[3:8] == "-555-" for text in phones)


def test_twins(people: Patients) -> None:
    own = np.flatnonzero(people.hospital == 0)
    households, counts = np.unique(people.household[own], return_counts=True)
    assert set(counts.tolist()) == {1, 2}
    assert abs(2 * (counts == 2).sum() / len(own) - 0.01) < 0.003
    clean = (people.errors.fields == 0) & ~people.errors.has_no_ssn
    values, seen = texts(people), 0
    for household in households[counts == 2].tolist():
        one, other = own[people.household[own] == household].tolist()
        assert people.person[one] != people.person[other]
        assert people.payer[one] == people.payer[other]
        if clean[one] and clean[other] and people.registered_day[other] < START:
            seen += 1
            for field in (LAST_NAME, BIRTH_DATE, PHONE, ADDRESS):
                assert values[field][one] == values[field][other]
            assert values[FIRST_NAME][one] != values[FIRST_NAME][other]
            first, second = (int(values[SSN][row].replace("-", "")) for row in (one, other))
            assert second - first == 1
    assert seen > 10


def test_secondary_payers(people: Patients) -> None:
    table = PARAMETERS.payers.table
    for payer, share in enumerate(table.permille("secondary_permille").tolist()):
        own = people.secondary_payer[people.payer == payer]
        assert abs((own >= 0).mean() - share / 1000) < 0.03, PARAMETERS.payers.ids[payer]
    has_one = people.secondary_payer >= 0
    assert (people.secondary_payer != people.payer).all()
    classes = np.array(PARAMETERS.payers.classes)[people.secondary_payer[has_one]]
    assert set(classes.tolist()) <= {"Commercial", "Blue", "Medicaid"}
    members = np.array(people.secondary_member_ids.to_pylist())
    assert ((members != "") == has_one).all()
    assert (members[has_one] != np.array(people.member_ids.to_pylist())[has_one]).all()


def test_ids_collide_as_often_as_planted(people: Patients) -> None:
    assert set(people.ids().to_pylist()[:EXISTING]) == set(
        people.ids(np.arange(int(people.first_row[1]), len(people.number))).to_pylist()[:EXISTING]
    )
    for text, share in (("patient_id_collision=0", 0), ("patient_id_collision=250000", 0.25)):
        planted = registered(1, FaultRates.of(PARAMETERS.faults, text))
        ids = np.array(planted.ids().to_pylist())[planted.hospital == 1]
        assert len(set(ids.tolist())) == len(ids)
        assert abs(np.char.startswith(ids, "P").mean() - share) < 0.02
        assert all(len(text) == 8 for text in ids.tolist())


def test_a_longer_world_changes_no_record(people: Patients) -> None:
    short = registered(100)
    for hospital in (0, 1):
        count = int((short.hospital == hospital).sum())
        here, there = short.first_row[hospital], people.first_row[hospital]
        for name in (f.name for f in fields(Patients)):
            if name in ("errors", "first_row"):
                continue
            one, other = getattr(short, name), getattr(people, name)
            one, other = one[here : here + count], other[there : there + count]
            equal = one.equals(other) if isinstance(one, pa.Array) else (one == other).all()
            assert equal, name


def history(people: Patients, days: int) -> Versions:
    return versions(PARAMETERS, DRAWS, people, START, START + days)


def test_versions_begin_with_registration_and_only_grow(people: Patients) -> None:
    found = history(people, 299)
    first = found.number == 1
    assert (found.record[first] == np.arange(len(people.number))).all()
    assert (found.from_day[first] == people.registered_day).all()
    rows = pa.array(np.flatnonzero(first))
    assert found.last_names.take(rows).equals(people.last_names)
    assert found.streets.take(rows).equals(people.streets)
    assert found.phones.take(rows).equals(people.phones)
    same = np.flatnonzero(np.diff(found.record) == 0)
    assert len(same) > 1000
    assert (np.diff(found.number)[same] == 1).all()
    assert (np.diff(found.from_day)[same] > 0).all()
    changed = (
        np.array(found.last_names.to_pylist()),
        np.array(found.phones.to_pylist()),
        np.array(found.streets.to_pylist()),
    )
    assert np.any([(c[same] != c[same + 1]) for c in changed], axis=0).all()
    assert all((c[same] != c[same + 1]).any() for c in changed)


def test_changes_come_at_the_given_rates(people: Patients) -> None:
    found = history(registered(1), 2 * 365 - 1)
    yearly = (found.number > 1).sum() / 2 / (2 * EXISTING)
    expected = rates()["move_per_year"] + rates()["phone_change_per_year"]
    assert expected * 0.9 * 0.9 < yearly * 1000 < expected * 1.05 + 6


def test_a_later_day_adds_versions_and_changes_none(people: Patients) -> None:
    early, late = history(people, 120), history(people, 299)
    rows = np.flatnonzero(late.from_day <= START + 120)
    assert len(rows) < len(late.record)
    for f in fields(Versions):
        one, other = getattr(early, f.name), getattr(late, f.name)
        if isinstance(one, pa.Array):
            assert one.equals(other.take(pa.array(rows))), f.name
        else:
            assert (one == other[rows]).all(), f.name


def test_the_version_of_a_day(people: Patients) -> None:
    found = history(people, 299)
    rows = found.rows_at(START + 150)
    known = np.flatnonzero(people.registered_day <= START + 150)
    assert (found.record[rows] == known).all()
    assert (found.from_day[rows] <= START + 150).all()
    last = found.rows_at(START + 299)
    assert (found.number[last] == np.bincount(found.record)).all()


def test_a_misspelt_name_is_never_right() -> None:
    names = [name for pool in PARAMETERS.pools.values() for name in pool] + ["Jo", "Lee", "Anna"]
    pool = NamePool(names)
    rows = np.repeat(np.arange(len(names)), 6)
    wrong = pool.misspelt(rows, np.tile(np.arange(6), len(names))).to_pylist()
    assert all(text and text != names[row] for text, row in zip(wrong, rows, strict=True))
