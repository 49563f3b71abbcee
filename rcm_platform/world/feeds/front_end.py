"""Before and at the visit: appointments, checks of coverage, prior authorizations.

Every function gives one hospital's rows as they stand on `through_day`, those last changed on
first_day..last_day; the date of ModifiedDate is the day on which a row arrives in that state.
Rates and lags: `parameters/scheduling.csv`, `front_end.csv`, `front_end_lags.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from rcm_platform.world.feeds import id_columns
from rcm_platform.world.feeds.x12.lookup import AUTHORIZED_FROM, has_authorization
from rcm_platform.world.happened.encounters import draw_encounters, payer_of_visit
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, identifier, masked, moments, take
from rcm_platform.world.support.dates import weekday
from rcm_platform.world.support.parameters import FOLDER, WEEKDAYS, ParameterError, Table
from rcm_platform.world.support.rng import Flags, Ints, Keys

#: Days before and after every day of any world.
BEFORE_EVERYTHING, NEVER = 0, 10**6

APPOINTMENT_STATUSES = ("Scheduled", "Completed", "No Show", "Cancelled")
SCHEDULED, COMPLETED, NO_SHOW, CANCELLED = range(4)
CHECK_STATUSES = ("Active", "Inactive", "Not Found")
ACTIVE, INACTIVE, NOT_FOUND = range(3)
AUTHORIZATION_STATUSES = ("Approved", "Denied", "Pending")
APPROVED, REFUSED, PENDING = range(3)

#: The two appointments that a place in the day's book may have: the visit's, and another that is
#: not kept. Last digit of their ids.
_KEPT, _MISSED = 1, 2
#: Of checks only, the last digit of its id: the one after a visit that found cover.
_FOUND = 3


@cache
def rates() -> dict[str, int]:
    """`front_end.csv` by name, per mille."""
    table = Table.read("front_end.csv", FOLDER)
    return dict(zip(table.text("name"), table.permille("value").tolist(), strict=True))


@cache
def lags() -> dict[str, Ints]:
    """`front_end_lags.csv`: inverse distribution tables of one row each."""
    table = Table.read("front_end_lags.csv", FOLDER)
    return dict(zip(table.text("lag"), table.quantiles()[:, None, :], strict=True))


@dataclass(frozen=True)
class _Scheduling:
    """`scheduling.csv`, per row of procedures.csv as the primary one of a visit."""

    scheduled: Ints
    no_show: Ints
    cancelled: Ints
    visit_type: Ints  # row of `lead`
    lead: Ints

    @classmethod
    def of(cls, world: World) -> _Scheduling:
        table = Table.read("scheduling.csv", FOLDER)
        names = table.text("visit_type")
        wanted = world.parameters.procedures.text("visit_type")
        if unknown := set(wanted) - {*names, ""}:
            raise ParameterError(f"scheduling.csv has no row for visit_type {sorted(unknown)}")
        row = np.array([names.index(name) if name else 0 for name in wanted])
        return cls(
            scheduled=table.permille("scheduled_permille")[row],
            no_show=table.permille("no_show_permille")[row],
            cancelled=table.permille("cancelled_permille")[row],
            visit_type=row,
            lead=table.quantiles("lead_"),
        )

    @property
    def horizon(self) -> int:
        """How many days ahead appointments are made."""
        return int(self.lead.max())


@dataclass(frozen=True)
class _Slots:
    """Rows are places in the book of one hospital: its visits, then those of the days to come."""

    key: Keys
    number: Ints  # of the encounter
    encounter: Ints  # row of Encounters, -1 for a visit after the world's last day
    day: Ints
    patient: Ints  # row of Patients, -1 for someone who is not yet registered
    known_patients: Ints  # how many were registered before that day
    provider: Ints  # of the visit: who stays away has a place with someone else
    primary: Ints


@dataclass(frozen=True)
class _Appointments:
    """Rows are appointments: of slots that are kept, then of slots that are missed."""

    slot: Ints
    which: Ints  # _KEPT or _MISSED
    patient: Ints
    provider: Ints
    primary: Ints  # row of procedures.csv
    booked_day: Ints
    arrival_day: Ints  # the row appears
    outcome: Ints  # of APPOINTMENT_STATUSES
    outcome_day: Ints  # after NEVER for a visit after the world's last day


def visit_arrival(world: World) -> Ints:
    """The day on which each encounter's row arrives."""
    return world.care.encounters.day + world.shifted_encounters.astype(np.int64)


def appointments(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: appointment. A visit may have had one; others were not kept."""
    slots = _slots(world, hospital)
    found = _appointments(world, hospital, slots)
    is_over = found.outcome_day <= through_day
    modified = np.where(is_over, found.outcome_day, found.arrival_day)
    is_ours = (slots.encounter >= 0)[found.slot] | (found.arrival_day <= world.through_day)
    rows = np.flatnonzero(
        is_ours
        & (found.arrival_day <= through_day)
        & (modified >= first_day)
        & (modified <= last_day)
    )
    slot, over, which = found.slot[rows], is_over[rows], found.which[rows]
    status = np.where(over, found.outcome[rows], SCHEDULED)
    provider = found.provider[rows]
    department = world.providers.department[provider]
    return pa.table(
        {
            "AppointmentID": _appointment_ids(slots, slot, which),
            "PatientID": id_columns.patients(world, found.patient[rows]),
            "ProviderID": id_columns.providers(world, provider),
            "DeptID": id_columns.departments(department),
            "BookedDate": dates(found.booked_day[rows]),
            "ScheduledDate": dates(slots.day[slot]),
            "VisitType": take(
                world.parameters.procedures.text("visit_type"), found.primary[rows]
            ),
            "Status": take(list(APPOINTMENT_STATUSES), status),
            "EncounterID": masked(
                identifier("E", (slots.number[slot], 8)), status == COMPLETED
            ),
            "ModifiedDate": moments(
                world.draws, "appointment", modified[rows], slots.key[slot], which, over
            ),
        }
    )  # fmt: skip


def eligibility_checks(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: check of coverage, of a visit or of an appointment that was not kept.

    A row arrives with the visit, or on the day of the appointment. Where an uninsured patient gets
    cover afterwards there are two: the visit's own, and the one that found it.
    """
    draws, people, known = world.draws, world.care.patients, rates()
    slots = _slots(world, hospital)
    made = _appointments(world, hospital, slots)
    visits = np.flatnonzero(slots.encounter >= 0)
    booked = np.full(len(slots.key), NEVER, dtype=np.int64)
    kept = made.which == _KEPT
    booked[made.slot[kept]] = made.booked_day[kept]
    stayed_away = np.flatnonzero(
        (made.outcome == NO_SHOW) & (slots.encounter[made.slot] >= 0)
    )  # fmt: skip

    slot = np.concatenate([visits, made.slot[stayed_away]])
    which = np.repeat([_KEPT, _MISSED], [len(visits), len(stayed_away)])
    is_visit = which == _KEPT
    patient = np.concatenate([slots.patient[visits], made.patient[stayed_away]])
    booked_day = np.concatenate([booked[visits], made.booked_day[stayed_away]])
    has_appointment = booked_day < NEVER
    key = slots.key[slot], which
    payer = people.payer[patient]
    is_self_pay = payer == world.parameters.payers.self_pay
    encounter = slots.encounter[slot]
    denied = is_visit & _denied_for(world, "Eligibility")[encounter]

    chance = np.where(has_appointment, known["checked_scheduled"], known["checked_walk_in"])
    chance = np.where(denied, 1000 - known["denied_unchecked"], chance)
    chance = np.where(is_self_pay, known["checked_self_pay"], chance)
    found_payer = payer_of_visit(world.parameters, draws, world.care.encounters, people)
    is_found = is_visit & is_self_pay & (found_payer[encounter] != payer)
    chance = np.where(is_found, 1000, chance)
    is_checked = draws.chance("coverage checked", chance, *key)
    inactive = np.where(denied, known["denied_inactive"], known["inactive"])
    unknown = np.where(denied, known["denied_not_found"], known["not_found"])
    drawn = draws.below("coverage found", 1000, *key)
    status = np.select(
        [is_self_pay, drawn < inactive, drawn < inactive + unknown],
        [NOT_FOUND, INACTIVE, NOT_FOUND],
        ACTIVE,
    )
    before = draws.quantile("check before visit", lags()["check_before_visit"], *key)
    check_day = slots.day[slot] - np.where(has_appointment, before, 0)
    check_day = np.where(has_appointment, np.maximum(check_day, booked_day), check_day)
    modified = np.where(is_visit, visit_arrival(world)[encounter], slots.day[slot])

    # cover is found by the time the visit is coded, so that its claim goes to the payer
    again = np.flatnonzero(is_found)
    coded = np.maximum(world.care.encounters.coded_day[encounter[again]], modified[again] + 1)

    def with_found(values: Ints, found: Ints | int) -> Ints:
        return np.concatenate([values, np.broadcast_to(found, again.shape)])

    payer = with_found(payer, found_payer[encounter[again]])
    status, check_day = with_found(status, ACTIVE), with_found(check_day, coded)
    modified, is_checked = with_found(modified, coded), np.append(is_checked, is_found[again])
    patient, slot = with_found(patient, patient[again]), with_found(slot, slot[again])
    has_appointment = np.append(has_appointment, np.zeros(len(again), dtype=bool))
    which = with_found(which, _FOUND)

    until = min(through_day, last_day)
    rows = np.flatnonzero(is_checked & (modified >= first_day) & (modified <= until))
    slot, which = slot[rows], which[rows]
    return pa.table(
        {
            "CheckID": identifier("V", (slots.number[slot], 8), (which, 1)),
            "PatientID": id_columns.patients(world, patient[rows]),
            "EncounterID": masked(identifier("E", (slots.number[slot], 8)), which != _MISSED),
            "AppointmentID": masked(_appointment_ids(slots, slot, which), has_appointment[rows]),
            "PayorID": id_columns.payers(world, payer[rows]),
            "CheckDate": dates(check_day[rows]),
            "Status": take(list(CHECK_STATUSES), status[rows]),
            "ModifiedDate": moments(draws, "check", modified[rows], slots.key[slot], which),
        }
    )


def authorizations(
    world: World,
    hospital: int,
    through_day: int,
    first_day: int = BEFORE_EVERYTHING,
    last_day: int = NEVER,
) -> pa.Table:
    """Grain: authorization asked for, one per claim that needs one (or was denied for want of it).

    AuthNumber is REF*G1 of the claim, there once it is approved. A row arrives with the visit.
    """
    draws, known = world.draws, rates()
    claims, visits, people = world.care.claims, world.care.encounters, world.care.patients
    has_number = has_authorization(world)
    needed = (claims.hospital == hospital) & (claims.payer != world.parameters.payers.self_pay)
    claim = np.flatnonzero(needed & (claims.charge >= AUTHORIZED_FROM))
    key, encounter = claims.key[claim], claims.encounter[claim]
    drawn = draws.below("authorization not got", 1000, key)
    refused = drawn < known["authorization_denied"]
    open_ended = ~refused & (drawn < known["authorization_denied"] + known["authorization_pending"])
    outcome = np.select([has_number[claim], refused, open_ended], [APPROVED, REFUSED, PENDING], -1)

    day = visits.day[encounter]
    is_planned = np.zeros(len(visits.key), dtype=bool)
    slots = _slots(world, hospital)
    made = _appointments(world, hospital, slots)
    of_kept = slots.encounter[made.slot[made.which == _KEPT]]
    is_planned[of_kept[of_kept >= 0]] = True
    ahead = draws.quantile("authorization asked", lags()["authorization_before_visit"], key)
    requested = day - np.where(is_planned[encounter], ahead, 0)
    registered = people.registered_day[visits.patient[encounter]]
    requested = np.where(
        registered >= world.start_day, np.maximum(requested, registered), requested
    )
    takes = draws.quantile("authorization decided", lags()["authorization_decision"], key)
    # the number stands on the claim, so it is known when the charges are posted
    decided = np.minimum(requested + takes, np.maximum(claims.coded_day[claim], day))

    arrival = visit_arrival(world)[encounter]
    is_decided = (outcome != PENDING) & (decided <= through_day)
    modified = np.where(is_decided, np.maximum(arrival, decided), arrival)
    is_decided &= modified <= through_day
    rows = np.flatnonzero(
        (outcome >= 0) & (arrival <= through_day) & (modified >= first_day) & (modified <= last_day)
    )
    claim, encounter, over = claim[rows], encounter[rows], is_decided[rows]
    status = np.where(over, outcome[rows], PENDING)
    # a stay is authorized for what is done, not for the room
    first_line = world.care.lines.procedure[claims.first_line[claim]]
    procedure = np.where(claims.part[claim] == 1, visits.primary[encounter], first_line)
    return pa.table(
        {
            "AuthID": identifier("AU", (visits.number[encounter], 8), (claims.part[claim], 2)),
            "PatientID": id_columns.patients(world, visits.patient[encounter]),
            "EncounterID": id_columns.encounters(world, encounter),
            "PayorID": id_columns.payers(world, claims.payer[claim]),
            "ProcedureCode": take(world.parameters.procedures.text("code"), procedure),
            "RequestedDate": dates(requested[rows]),
            "DecisionDate": masked(dates(decided[rows]), over),
            "Status": take(list(AUTHORIZATION_STATUSES), status),
            "AuthNumber": masked(id_columns.authorizations(world, claim), status == APPROVED),
            "ModifiedDate": moments(draws, "authorization", modified[rows], key[rows], over),
        }
    )


def _denied_for(world: World, category: str) -> Flags:
    """Per encounter: a claim of it is ever denied for a reason of this category."""
    work = world.history.denial_work
    reasons = np.array([row["category"] == category for row in world.parameters.denials.rows])
    flags = np.zeros(len(world.care.encounters.key), dtype=bool)
    flags[world.care.claims.encounter[work.claim[reasons[work.denial]]]] = True
    return flags


def _appointment_ids(slots: _Slots, slot: Ints, which: Ints) -> pa.Array:
    return identifier("APT", (slots.number[slot], 8), (which, 1))


def _slots(world: World, hospital: int) -> _Slots:
    """The hospital's visits, and those after the last day that may have been booked by then."""
    visits, people = world.care.encounters, world.care.patients
    rows = np.flatnonzero(visits.hospital == hospital)
    own = np.flatnonzero(people.hospital == hospital)
    coming = _coming_visits(world, hospital, len(rows), len(own))
    return _Slots(
        key=np.concatenate([visits.key[rows], coming.key]),
        number=np.concatenate([visits.number[rows], coming.number]),
        encounter=np.concatenate([rows, coming.encounter]),
        day=np.concatenate([visits.day[rows], coming.day]),
        patient=np.concatenate([visits.patient[rows], coming.patient]),
        # patients are numbered in the order of their registration
        known_patients=np.concatenate(
            [np.searchsorted(people.registered_day[own], visits.day[rows]), coming.known_patients]
        ),
        provider=np.concatenate([visits.provider[rows], coming.provider]),
        primary=np.concatenate([visits.primary[rows], coming.primary]),
    )


def _coming_visits(world: World, hospital: int, visit_count: int, patient_count: int) -> _Slots:
    """The visits after the world's last day, drawn as a longer world draws them."""
    parameters, draws = world.parameters, world.draws
    volumes = parameters.sizes.where("size", world.size)
    per_weekday = np.array([volumes.ints(name)[hospital] for name in WEEKDAYS])
    ahead = 1 + np.arange(_Scheduling.of(world).horizon)
    counts = per_weekday[weekday(world.through_day + ahead)]
    day = np.repeat(world.through_day + ahead, counts)
    firsts = np.repeat(np.cumsum(counts) - counts, counts)
    own = np.full(len(day), hospital)
    key = draws.bits("encounter", own, day, np.arange(len(day)) - firsts)
    is_new = draws.chance("new patient", parameters.behaviour["new_patient"], key)
    known = patient_count + np.append(0, np.cumsum(is_new))[firsts]
    patient = draws.below("which patient", known, key)
    is_registered = ~is_new & (patient < patient_count)
    number = visit_count + 1 + np.arange(len(day))
    first_row = int(world.care.patients.first_row[hospital])
    # of someone who is not registered yet nothing is shown, so any patient will do
    visits, *_ = draw_encounters(
        parameters,
        draws,
        world.providers,
        world.care.patients,
        key,
        own,
        number,
        day,
        first_row + np.where(is_registered, patient, 0),
    )
    return _Slots(
        key=key,
        number=number,
        encounter=np.full(len(day), -1),
        day=day,
        patient=np.where(is_registered, first_row + patient, -1),
        known_patients=known,
        provider=visits.provider,
        primary=visits.primary,
    )


def _appointments(world: World, hospital: int, slots: _Slots) -> _Appointments:
    draws, people = world.draws, world.care.patients
    terms = _Scheduling.of(world)
    first_row = int(people.first_row[hospital])
    patient_count = int((people.hospital == hospital).sum())
    registered = np.where(slots.patient >= 0, people.registered_day[slots.patient], NEVER)
    kept = np.flatnonzero(
        (registered < slots.day)
        & draws.chance("scheduled", terms.scheduled[slots.primary], slots.key)
    )
    drawn = draws.below("missed appointment", 1000, slots.key)
    absent = draws.below("who stays away", slots.known_patients, slots.key)
    most = int((terms.no_show + terms.cancelled).max())
    away = np.flatnonzero((drawn < most) & (absent < patient_count))
    # what they would have come for, and to whom, by their own age
    planned, *_ = draw_encounters(
        world.parameters, draws, world.providers, people,
        draws.bits("missed visit", slots.key[away]), np.full(len(away), hospital),
        slots.number[away], slots.day[away], first_row + absent[away],
    )  # fmt: skip
    is_missed = drawn[away] < (terms.no_show + terms.cancelled)[planned.primary]
    missed = away[is_missed]

    slot = np.concatenate([kept, missed])
    which = np.repeat([_KEPT, _MISSED], [len(kept), len(missed)])
    patient = np.concatenate([slots.patient[kept], first_row + absent[missed]])
    provider = np.concatenate([slots.provider[kept], planned.provider[is_missed]])
    primary = np.concatenate([slots.primary[kept], planned.primary[is_missed]])
    day, key = slots.day[slot], (slots.key[slot], which)
    lead = draws.quantile("lead", terms.lead, *key, row=terms.visit_type[primary])
    booked, since = day - lead, people.registered_day[patient]
    # Who was a patient before the world began may have booked before it.
    booked = np.where(since >= world.start_day, np.maximum(booked, since), booked)
    arrival = np.maximum(booked, since)
    is_no_show = drawn[slot] < terms.no_show[primary]
    before = draws.quantile("cancelled before", lags()["cancelled_before_visit"], *key)
    cancelled_day = np.clip(day - before, arrival, np.maximum(day, arrival))
    visit_day = np.append(visit_arrival(world), NEVER + 1)[slots.encounter[slot]]
    is_kept = which == _KEPT
    return _Appointments(
        slot=slot,
        which=which,
        patient=patient,
        provider=provider,
        primary=primary,
        booked_day=booked,
        arrival_day=arrival,
        outcome=np.select([is_kept, is_no_show], [COMPLETED, NO_SHOW], CANCELLED),
        outcome_day=np.select(
            [is_kept, is_no_show], [visit_day, np.maximum(day, arrival)], cancelled_day
        ),
    )
