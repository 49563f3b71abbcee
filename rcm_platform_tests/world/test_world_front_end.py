"""Appointments, coverage, authorizations, documentation and work of the hospitals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from rcm_platform.world.feeds.documentation import diagnoses, encounter_status
from rcm_platform.world.feeds.front_end import (
    NEVER,
    appointments,
    authorizations,
    eligibility_checks,
)
from rcm_platform.world.feeds.staff import pool_sizes, staff, work_log
from rcm_platform.world.feeds.x12 import has_authorization
from rcm_platform.world.model import World
from rcm_platform.world.support.dates import to_date, to_day
from rcm_platform_tests.support.tiny_world import Query

START, EARLY, LATE = date(2025, 1, 1), date(2025, 3, 16), date(2025, 4, 15)
TABLES: dict[str, Callable[..., pa.Table]] = {
    function.__name__: function
    for function in (
        appointments, eligibility_checks, authorizations, encounter_status, diagnoses, work_log,
    )
}  # fmt: skip


def build(through: date, size: str = "tiny") -> World:
    return World(seed=7, size=size, start=START, through=through)


@pytest.fixture(scope="module")
def early() -> World:
    return build(EARLY)


@pytest.fixture(scope="module")
def late() -> World:
    return build(LATE)


@pytest.fixture(scope="module")
def small() -> World:
    return build(date(2025, 6, 30), "small")


@pytest.fixture(scope="module")
def ask(small: World) -> Iterator[Query]:
    """SQL over the tables of both hospitals, with a column `hospital`."""
    with duckdb.connect() as connection:
        for name, rows in {**TABLES, "staff": None}.items():
            parts = []
            for hospital in (0, 1):
                if rows is None:
                    found = staff(small, hospital)
                else:
                    found = rows(small, hospital, small.through_day)
                parts.append(found.append_column("hospital", pa.array([hospital] * len(found))))
            connection.register(name, pa.concat_tables(parts))
        yield lambda sql: connection.execute(sql).fetchall()


def shares(ask: Query, table: str, column: str) -> dict[str, float]:
    return dict(ask(f"select {column}, count(*) / sum(count(*)) over () from {table} group by 1"))


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("hospital", [0, 1])
def test_a_day_looks_the_same_from_any_later_day(
    name: str, hospital: int, early: World, late: World
) -> None:
    """What stood in the database on a day does not depend on how long the world goes on."""
    rows = TABLES[name]
    then = rows(early, hospital, early.through_day)
    later = rows(late, hospital, early.through_day)
    assert len(then) > 5
    assert then.sort_by(then.column_names[0]).equals(later.sort_by(then.column_names[0]))


@pytest.mark.parametrize("name", TABLES)
def test_slices_of_days_are_the_whole(name: str, early: World) -> None:
    rows, day = TABLES[name], early.through_day
    cut = early.start_day + 30
    parts = [rows(early, 0, day, first, last) for first, last in ((0, cut), (cut + 1, NEVER))]
    whole, key = rows(early, 0, day), rows(early, 0, day).column_names[0]
    assert all(len(part) for part in parts)
    assert pa.concat_tables(parts).sort_by(key).equals(whole.sort_by(key))
    for part, (first, last) in zip(parts, ((0, cut), (cut + 1, day)), strict=True):
        modified = part["ModifiedDate"].to_pylist()
        assert to_date(first) <= min(modified).date()
        assert max(modified).date() <= to_date(last)


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_unique(name: str, ask: Query) -> None:
    key = {
        "appointments": "AppointmentID", "eligibility_checks": "CheckID",
        "authorizations": "AuthID", "encounter_status": "EncounterID",
        "diagnoses": "DiagnosisID", "work_log": "WorkID",
    }[name]  # fmt: skip
    [(rows, distinct)] = ask(f"select count(*), count(distinct (hospital, {key})) from {name}")
    assert rows == distinct > 0


def test_appointments_come_before_visits_or_come_to_nothing(ask: Query, small: World) -> None:
    found = shares(ask, "appointments", "Status")
    assert 0.7 < found["Completed"] < 0.9
    assert all(found[status] > 0.02 for status in ("Scheduled", "No Show", "Cancelled"))
    last = small.through.isoformat()
    [(bad,)] = ask(
        f"""select count(*) from appointments where BookedDate > ScheduledDate
        or (Status = 'Completed') <> (EncounterID is not null)
        or VisitType = 'Emergency' or ModifiedDate::date > date '{last}'
        or case Status when 'Scheduled' then ScheduledDate <= date '{last}'
            when 'Cancelled' then ModifiedDate::date > ScheduledDate
            else ScheduledDate > ModifiedDate::date end"""
    )
    assert bad == 0


def test_a_completed_appointment_is_its_visit(early: World) -> None:
    visits = early.care.encounters
    by_id = {
        f"E{number:08d}": row
        for row, number in enumerate(visits.number.tolist())
        if visits.hospital[row] == 0
    }
    ids = early.care.patients.ids().to_pylist()
    seen = 0
    for row in appointments(early, 0, NEVER).to_pylist():
        if row["EncounterID"]:
            seen += 1
            visit = by_id[row["EncounterID"]]
            assert row["PatientID"] == ids[visits.patient[visit]]
            assert row["ScheduledDate"] == to_date(int(visits.day[visit]))
    assert seen > 30


def test_nothing_is_known_of_a_patient_before_registration(small: World) -> None:
    people = small.care.patients
    for hospital in (0, 1):
        rows = np.flatnonzero(people.hospital == hospital)
        since = dict(
            zip(people.ids(rows).to_pylist(), people.registered_day[rows].tolist(), strict=True)
        )
        for table in (appointments, eligibility_checks, authorizations):
            found = table(small, hospital, small.through_day)
            for patient, modified in zip(
                found["PatientID"].to_pylist(), found["ModifiedDate"].to_pylist(), strict=True
            ):
                assert to_day(modified.date()) >= since[patient]


def test_coverage_is_checked(ask: Query, small: World) -> None:
    found = shares(ask, "eligibility_checks", "Status")
    assert found["Active"] > 0.93
    [(scheduled, checked, before)] = ask(
        """select count(*), count(c.CheckID), count(*) filter (where c.CheckDate < ScheduledDate)
        from appointments as a left join eligibility_checks as c using (hospital, EncounterID)
        where a.Status = 'Completed' and (c.PayorID <> 'SELF' or c.PayorID is null)"""
    )
    assert checked / scheduled > 0.9
    assert before / checked > 0.9
    [(bad,)] = ask(
        """select count(*) from eligibility_checks where CheckDate > ModifiedDate::date
        or (EncounterID is null and AppointmentID is null)
        or (PayorID = 'SELF' and Status <> 'Not Found')"""
    )
    assert bad == 0


def test_a_denial_for_eligibility_had_its_reason(small: World) -> None:
    work, mix = small.history.denial_work, small.parameters.denials
    reasons = np.array(mix.text("category")) == "Eligibility"
    claim = work.claim[reasons[work.denial]]
    claims, visits = small.care.claims, small.care.encounters
    denied = set(visits.number[claims.encounter[claim[claims.hospital[claim] == 0]]].tolist())
    found = eligibility_checks(small, 0, NEVER).to_pylist()
    active = {int(row["EncounterID"][1:]) for row in found
              if row["EncounterID"] and row["Status"] == "Active"}  # fmt: skip
    assert len(denied) > 50
    assert len(denied & active) / len(denied) < 0.5


def test_authorizations_carry_the_number_of_the_claim(small: World) -> None:
    claims, visits = small.care.claims, small.care.encounters
    has_number = has_authorization(small) & (claims.payer != small.parameters.payers.self_pay)
    expected = {
        f"A{number:08d}{part:02d}"
        for number, part in zip(
            visits.number[claims.encounter][has_number & (claims.hospital == 0)].tolist(),
            claims.part[has_number & (claims.hospital == 0)].tolist(),
            strict=True,
        )
    }
    final = authorizations(small, 0, NEVER).to_pylist()
    assert {row["AuthNumber"] for row in final if row["AuthNumber"]} == expected
    assert {row["Status"] for row in final} == {"Approved", "Denied", "Pending"}
    for row in final:
        assert (row["AuthNumber"] is not None) == (row["Status"] == "Approved")
        assert (row["DecisionDate"] is None) == (row["Status"] == "Pending")
        if row["DecisionDate"]:
            assert row["RequestedDate"] <= row["DecisionDate"] <= row["ModifiedDate"].date()
    share = sum(row["Status"] == "Approved" for row in final) / len(final)
    assert share > 0.97


def test_an_authorization_is_there_before_the_claim_that_names_it(small: World) -> None:
    sent, claims, visits = small.history.submissions, small.care.claims, small.care.encounters
    first = np.full(len(claims.key), NEVER)
    np.minimum.at(first, sent.claim, sent.day)
    number = visits.number[claims.encounter]
    of_claim = {
        f"A{n:08d}{p:02d}": int(day)
        for n, p, day, hospital in zip(number, claims.part, first, claims.hospital, strict=True)
        if hospital == 1
    }
    for row in authorizations(small, 1, NEVER).to_pylist():
        if row["AuthNumber"]:
            assert to_day(row["DecisionDate"]) <= of_claim[row["AuthNumber"]]


def test_encounters_are_signed_then_coded(ask: Query, small: World) -> None:
    found = shares(ask, "encounter_status", "DocumentationStatus")
    assert found["Signed"] > 0.95
    assert found["Open"] > 0
    [(bad,)] = ask(
        """select count(*) from encounter_status where SignedDate < DischargeDate
        or CodedDate < SignedDate or (CodedDate is not null and SignedDate is null)
        or (SignedDate is not null) <> (DocumentationStatus = 'Signed')
        or (SignedDate is not null and DischargeDate is null)
        or greatest(DischargeDate, SignedDate, CodedDate) > ModifiedDate::date"""
    )
    assert bad == 0
    history = {
        status
        for day in range(small.start_day + 20, small.start_day + 60)
        for status in encounter_status(small, 0, day)["DocumentationStatus"].unique().to_pylist()
    }
    assert history == {"Open", "Queried", "Signed"}


def test_diagnoses_are_in_order_and_none_comes_twice(ask: Query) -> None:
    [(bad,)] = ask(
        """select count(*) from (select count(*) as n, count(distinct ICDCode) as codes,
            min(Sequence) as first, max(Sequence) as last
            from diagnoses group by hospital, EncounterID)
        where n <> codes or first <> 1 or last <> n"""
    )
    assert bad == 0
    assert set(ask("select distinct Sequence from diagnoses")) == {(1,), (2,), (3,)}


def test_everyone_does_the_work_of_their_role(ask: Query) -> None:
    wrong = ask(
        """select distinct Role, Activity from work_log join staff using (hospital, StaffID)
        where (Role, Activity) not in (('Registrar', 'Registration'), ('Coder', 'Coding'),
            ('Biller', 'Billing'), ('Denial Specialist', 'Denial Work'),
            ('Payment Poster', 'Payment Posting'))"""
    )
    assert wrong == []
    [(orphans,)] = ask(
        "select count(*) from work_log where (hospital, StaffID) not in "
        "(select (hospital, StaffID) from staff)"
    )
    assert orphans == 0
    [(bad,)] = ask(
        """select count(*) from work_log where Minutes <= 0 or WorkDate <> ModifiedDate::date
        or (ClaimID is null) <> (Activity in ('Registration', 'Coding'))
        or (Activity = 'Denial Work' and Minutes not between 20 and 45)"""
    )
    assert bad == 0


def test_each_task_is_logged(small: World) -> None:
    claims, history = small.care.claims, small.history
    found = work_log(small, 0, NEVER)["Activity"].value_counts().to_pylist()
    count = {row["values"]: row["counts"] for row in found}
    assert count["Registration"] == count["Coding"] == (small.care.encounters.hospital == 0).sum()
    sent, work = history.submissions.claim, history.denial_work
    assert count["Billing"] == (claims.hospital[sent] == 0).sum()
    worked = work.claim[work.action > 0]
    assert count["Denial Work"] == (claims.hospital[worked] == 0).sum() > 100
    assert count["Payment Posting"] > 1000


def test_pools_follow_the_size_of_the_world(early: World) -> None:
    assert pool_sizes(early, 0).tolist() == [2, 2, 2, 2, 2]
    large = World(seed=7, size="large", start=START, through=START)
    assert (pool_sizes(large, 0) > pool_sizes(large, 1)).all()
    assert pool_sizes(large, 0)[0] > 30
    assert staff(early, 0).equals(staff(build(LATE), 0))
    assert max(staff(early, 0)["HiredDate"].to_pylist()) < START
