"""Every planted fault, one row each: what, where, how much, and from when it can be known.

The rule that must find it, the right action and the window of an absence stand in
`parameters/faults.csv`. What a fault hides behind another is left out: a claim that is held as
unbalanced shows none of its other faults. What may be seen in spite of it stays, with the other in
`held_by`: it happened and cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.feeds import banking, id_columns
from rcm_platform.world.feeds.claims_csv import exported_files, has_new_column, is_renamed
from rcm_platform.world.feeds.databases import (
    MISDATED_PAYMENT,
    UNLISTED_FEE,
    drifting_charges,
    drifting_postings,
    misdated_payments,
    unlisted_fees,
)
from rcm_platform.world.feeds.files import (
    DEPOSIT_WINDOW,
    bank_file,
    deposits,
    gl_postings,
    is_covered,
    late_postings,
    mergers,
)
from rcm_platform.world.feeds.x12 import (
    LAYOUTS,
    answers,
    clearinghouse_files,
    interest_within,
    is_misdated,
    is_payee_by_tax_id,
    is_payer_by_name,
    misdated_delivery,
    renumbered_delivery,
    second_delivery,
    status_file,
)
from rcm_platform.world.happened.encounters import facility_services
from rcm_platform.world.happened.history import DEACTIVATED, WHOLE_CHARGE, WITHOUT_REMARK
from rcm_platform.world.happened.kinds import (
    CORRECTED,
    CORRECTION,
    FIRST,
    FIRST_DECISION,
    INTERIM_DECISION,
    PATIENT_PAYMENT,
    REPETITION,
    REPLACEMENT,
    REVERSAL,
    SECOND_DECISION,
    SECONDARY_DECISION,
    STRANGER,
    VOID,
)
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, money, take
from rcm_platform.world.support.rng import Flags, Ints
from rcm_platform.world.truth.facts import (
    Names,
    decisions_held_by,
    held_remits,
    payment_of_remit,
    remit_claim,
)

_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        ("fault_type", _TEXT),
        ("detector", _TEXT),
        ("action", _TEXT),
        ("source_system", _TEXT),
        ("source_file", _TEXT),
        ("record_type", _TEXT),
        ("record_id", _TEXT),
        ("amount", pa.decimal128(18, 2)),
        ("knowable_date", pa.date32()),
        ("held_by", _TEXT),
    ]
)


@dataclass(frozen=True)
class Instances:
    """Planted faults of one type; arrays and columns of one length. `day` is when it shows."""

    fault_type: str
    record_type: str
    source_system: pa.Array
    source_file: pa.Array
    record_id: pa.Array
    amount: pa.Array
    day: Ints
    detector: pa.Array | None = None  # where the place of the fault decides which rule finds it
    held_by: pa.Array | None = None  # the fault behind which it hides


def faults(world: World) -> pa.Table:
    """All instances, with the columns of `SCHEMA`."""
    rules = {row["fault_type"]: row for row in world.parameters.faults.rows}
    windows = dict(
        zip(
            world.parameters.faults.text("fault_type"),
            world.parameters.faults.ints("window_days", 0, 366).tolist(),
            strict=True,
        )
    )
    parts = []
    for found in _instances(world, windows):
        count, rule = len(found.day), rules[found.fault_type]
        detector = found.detector
        if detector is None:
            detector = pa.repeat(rule["detector"], count)
        parts.append(
            pa.table(
                [
                    pa.repeat(found.fault_type, count),
                    detector,
                    pa.repeat(rule["action"], count),
                    found.source_system,
                    found.source_file,
                    pa.repeat(found.record_type, count),
                    found.record_id,
                    found.amount,
                    dates(found.day + windows[found.fault_type]),
                    pa.nulls(count, _TEXT) if found.held_by is None else found.held_by,
                ],
                names=SCHEMA.names,
            ).cast(SCHEMA)
        )
    return pa.concat_tables(parts)


def _instances(world: World, windows: Mapping[str, int]) -> Iterator[Instances]:
    names = Names(world)
    yield from _of_payments(world, names)
    yield from _of_remits(world, names)
    yield from _of_submissions(world, names)
    yield from _of_files(world, names, windows)
    yield from _of_answers(world, names)
    yield from _of_layouts(world, names)
    yield from _of_care(world, names)
    yield from _of_money(world, names)
    yield from _of_feeds(world, names)


def _of_payments(world: World, names: Names) -> Iterator[Instances]:
    pays = world.payments

    def found(fault_type: str, where: Flags, file: Callable[[str], str], day: Ints) -> Instances:
        rows = np.flatnonzero(where)
        files = [file(name) for name in names.remit_files.take(pa.array(rows)).to_pylist()]
        return Instances(
            fault_type,
            "payment",
            take(names.systems, pays.hospital[rows]),
            pa.array(files, _TEXT),
            names.trace_numbers.take(pa.array(rows)),
            money(pays.amount[rows]),
            day[rows],
        )

    def itself(name: str) -> str:
        return name

    is_sound = pays.unbalanced_by == 0
    yield found("duplicate_file", pays.is_duplicated, second_delivery, pays.era_day)
    yield found("renumbered_file", pays.is_renumbered, renumbered_delivery, pays.era_day)
    yield found("unbalanced_payment", ~is_sound, itself, pays.era_day)
    # what a capitated plan pays by the month never has claims beside it
    by_month = world.parameters.payers.is_capitated[pays.payer]
    alone = (pays.remit_count == 0) & ~by_month
    yield found("provider_adjustment_only", alone & is_sound, itself, pays.era_day)
    yield found("payee_by_tax_id", is_payee_by_tax_id(world) & is_sound, itself, pays.era_day)
    yield found("payer_by_name", is_payer_by_name(world) & is_sound, itself, pays.era_day)
    bearing = np.zeros(len(is_sound), dtype=bool)
    bearing[payment_of_remit(world)[interest_within(world) >= 0]] = True
    yield found("interest_in_claim", bearing & is_sound, itself, pays.era_day)
    again = bearing & is_sound & pays.is_renumbered
    yield found("interest_in_claim", again, renumbered_delivery, pays.era_day)
    yield from _of_bank(world, found)


def _of_bank(
    world: World, found: Callable[[str, Flags, Callable[[str], str], Ints], Instances]
) -> Iterator[Instances]:
    pays = world.payments
    key = (pays.hospital, pays.payer, pays.payment_day)
    way, amount = banking.ways(world), banking.received(world)
    is_told, is_sound = banking.is_told(world), pays.unbalanced_by == 0
    both_came = np.maximum(pays.era_day, pays.deposit_day)

    def itself(name: str) -> str:
        return name

    # a short deposit shows beside its remittance; the window of one that never came is counted from
    # the day of the payment, and must have passed
    is_short = (amount < pays.amount) & (amount > 0) & is_told
    yield found("deposit_short", is_short & (way == banking.TRANSFER), itself, both_came)
    of_card = is_short & (way == banking.CARD) & is_sound
    yield found("card_payment", of_card, itself, both_came)
    announced = (way == banking.CARD) & is_sound & ~is_covered(world)
    said = found("card_payment", announced, itself, pays.era_day)
    yield replace(said, detector=pa.repeat("B6", len(said.day)))
    unnumbered = banking.is_unnumbered(world) & is_told & is_sound
    yield _as_deposits(found("unnumbered_deposit", unnumbered, itself, both_came), world)
    is_expected = (pays.amount > 0) & is_covered(world)
    never = world.faults.planted("missing_deposit", world.draws, *key)
    yield found("missing_deposit", never & is_expected, itself, pays.payment_day + 1)
    missed = ~never & is_expected & is_sound
    due = np.maximum(pays.payment_day + 1, pays.era_day - DEPOSIT_WINDOW)
    yield found("lockbox_deposit", missed & (way == banking.CHECK), itself, due)
    before = missed & (way != banking.CHECK) & ~is_told
    yield found("late_bank_feed", before, itself, due)


def _as_deposits(of_payments: Instances, world: World) -> Instances:
    """Faults of payments, told of their deposits."""
    told = deposits(world)
    place = pc.index_in(of_payments.record_id, told["remit_trace_number"].combine_chunks())
    ids = told["deposit_id"].combine_chunks().take(place)
    return replace(of_payments, record_type="deposit", record_id=ids)


def _of_remits(world: World, names: Names) -> Iterator[Instances]:
    remits, claims = world.history.remits, world.care.claims
    payment = payment_of_remit(world)
    about = remit_claim(world, names)
    in_sound_payment = (world.payments.unbalanced_by == 0)[payment]
    is_seen = ~held_remits(world)

    def found(
        fault_type: str, where: Flags, day: Ints | None = None, detector: list[str] | None = None
    ) -> Instances:
        rows = np.flatnonzero(where)
        head = names.head(about[rows])
        return Instances(
            fault_type,
            "remittance claim",
            head["source_system"],
            names.remit_files.take(pa.array(payment[rows])),
            head["claim_id"],
            money(remits.paid[rows]),
            (remits.era_day if day is None else day)[rows],
            None if detector is None else pa.array(detector, _TEXT).take(pa.array(rows)),
        )

    unbalanced = (remits.unbalanced_by != 0) & in_sound_payment
    rule = np.where(remits.is_claim_level, "B2", "B1").tolist()
    yield found("unbalanced_claim", unbalanced, detector=rule)
    yield found("repeated_claim", is_seen & (remits.kind == REPETITION))
    told = _told_in_parts(world, is_seen)
    yield found("interim_bills", told > 0, told)
    explained = _claims_with(world, CORRECTION) | _claims_with(world, REPETITION)
    explained |= _sent(world, VOID)
    alone = (remits.kind == REVERSAL) & ~explained[remits.claim]
    yield found("reversal_without_correction", is_seen & alone)
    is_first = remits.kind == FIRST_DECISION
    other = is_first & (remits.payer != claims.payer[remits.claim])
    yield found("other_payer_paid", is_seen & other)
    yield found("stranger_remit", is_seen & (remits.kind == STRANGER))
    base = np.zeros(len(claims.key), dtype=np.int64)
    for kind in (FIRST_DECISION, SECOND_DECISION):
        rows = np.flatnonzero(remits.kind == kind)
        base[remits.claim[rows]] = remits.era_day[rows]
    early = (remits.kind == SECONDARY_DECISION) & (remits.era_day < base[remits.claim])
    yield found("secondary_before_primary", is_seen & early)
    for code, fault_type in (
        (DEACTIVATED, "deactivated_reason"),
        (WHOLE_CHARGE, "whole_charge_contractual"),
        (WITHOUT_REMARK, "reason_without_remark"),
    ):
        yield found(fault_type, is_seen & (remits.odd_reason == code))
    yield found("repeated_contractual", is_seen & remits.repeats_first_payer)
    # where the contract takes nothing there is nothing to move
    moved = remits.is_patient_contractual & (remits.charge > remits.allowed)
    yield found("patient_contractual", is_seen & is_first & moved)


def _told_in_parts(world: World, is_seen: Flags) -> Ints:
    """Per decision on a part of a stay: from when another one tells that it is; else 0."""
    remits, claims = world.history.remits, world.care.claims
    is_part = (world.history.interim.count > 1)[remits.claim] & is_seen
    is_part &= np.isin(remits.kind, (FIRST_DECISION, INTERIM_DECISION))
    rows = np.flatnonzero(is_part)
    rows = rows[np.lexsort((remits.era_day[rows], remits.claim[rows]))]
    claim, first = np.unique(remits.claim[rows], return_index=True)
    has_another = np.diff(first, append=len(rows)) > 1
    second = np.zeros(len(claims.key), dtype=np.int64)
    second[claim[has_another]] = remits.era_day[rows[first[has_another] + 1]]
    known = second[remits.claim]
    return np.where(is_part & (known > 0), np.maximum(known, remits.era_day), 0)


def _claims_with(world: World, kind: int) -> Flags:
    flags = np.zeros(len(world.care.claims.key), dtype=bool)
    flags[world.history.remits.claim[world.history.remits.kind == kind]] = True
    return flags


def _sent(world: World, kind: int) -> Flags:
    flags = np.zeros(len(world.care.claims.key), dtype=bool)
    flags[world.history.submissions.claim[world.history.submissions.kind == kind]] = True
    return flags


def _of_submissions(world: World, names: Names) -> Iterator[Instances]:
    sent, claims = world.history.submissions, world.care.claims
    remits = world.history.remits
    files = take(names.batches.files, names.batches.of_submissions())

    def found(fault_type: str, where: Flags, day: Ints) -> Instances:
        rows = np.flatnonzero(where)
        head = names.head(sent.claim[rows])
        return Instances(
            fault_type,
            "submission",
            head["source_system"],
            files.take(pa.array(rows)),
            head["claim_id"],
            money(sent.charge[rows]),
            day[rows],
        )

    first_era = np.full(len(claims.key), np.iinfo(np.int64).max)
    rows = np.flatnonzero((remits.kind == FIRST_DECISION) & ~held_remits(world))
    first_era[remits.claim[rows]] = remits.era_day[rows]
    tardy = (sent.kind == FIRST) & (sent.day > first_era[sent.claim])
    yield found("remit_before_submission", tardy, sent.day)
    yield found("rejected_then_accepted", sent.kind == CORRECTED, sent.ack_day)
    unreferenced = (sent.kind == REPLACEMENT) & (sent.replaces_attempt == 0)
    yield found("replacement_without_reference", unreferenced, sent.day)
    yield found("bad_npi", sent.has_bad_npi, sent.day)

    strays = world.history.stray_acks
    head = names.head(names.stranger(strays.claim))
    hospitals = claims.hospital[strays.claim]
    yield Instances(
        "stranger_ack",
        "acknowledgement",
        head["source_system"],
        pa.array(
            [
                status_file(names.systems[where], day)
                for where, day in zip(hospitals.tolist(), strays.ack_day.tolist(), strict=True)
            ],
            _TEXT,
        ),
        head["claim_id"],
        money(claims.charge[strays.claim]),
        strays.ack_day,
    )


def _of_files(world: World, names: Names, windows: Mapping[str, int]) -> Iterator[Instances]:
    batch, sent = names.batches, world.history.submissions
    charge = sent.charge[batch.submissions]
    total = np.add.reduceat(charge, batch.first) if len(batch.first) else batch.first
    # who answers a claim has its file
    answered = sent.ack_day[batch.submissions]
    heard = np.minimum.reduceat(answered, batch.first) if len(batch.first) else batch.first
    is_silent = heard > batch.day + windows["missing_999"]
    rows = np.flatnonzero(batch.is_unreceipted & is_silent)
    files = pa.array(batch.files, _TEXT).take(pa.array(rows))
    yield Instances(
        "missing_999",
        "claim file",
        take(names.systems, batch.hospital[rows]),
        files,
        files,
        money(total[rows]),
        batch.day[rows],
    )


def _of_answers(world: World, names: Names) -> Iterator[Instances]:
    told = answers(names.lookup)
    firsts = np.array([first for first, _ in told.files], dtype=np.int64)
    rows = firsts[is_misdated(world, told.hospital[firsts], told.day[firsts])]
    files = [
        misdated_delivery(status_file(names.systems[where], day))
        for where, day in zip(told.hospital[rows].tolist(), told.day[rows].tolist(), strict=True)
    ]
    yield Instances(
        "misdated_file",
        "interchange",
        take(names.systems, told.hospital[rows]),
        pa.array(files, _TEXT),
        pa.array(files, _TEXT),
        money(np.zeros_like(rows)),
        told.day[rows],
    )


def _of_layouts(world: World, names: Names) -> Iterator[Instances]:
    # what comes twice is read once
    files = [file for file in clearinghouse_files(world) if file.layouts and not file.is_duplicate]
    for fault_type in LAYOUTS:
        found = [file for file in files if fault_type in file.layouts]
        paths = pa.array([file.name for file in found], _TEXT)
        yield Instances(
            fault_type,
            "interchange",
            pa.array([names.systems[file.hospital] for file in found], _TEXT),
            paths,
            pa.array([f"{file.control_number:09d}" for file in found], _TEXT),
            money(np.zeros(len(found), dtype=np.int64)),
            np.array([file.arrival_day for file in found], dtype=np.int64),
        )


def _of_care(world: World, names: Names) -> Iterator[Instances]:
    visits, claims, people = world.care.encounters, world.care.claims, world.care.patients

    def found(fault_type: str, claim: Ints) -> Instances:
        encounter = claims.encounter[claim]
        return Instances(
            fault_type,
            "encounter",
            take(names.systems, claims.hospital[claim]),
            pa.nulls(len(claim), _TEXT),
            names.encounter(encounter),
            money(claims.charge[claim]),
            claims.coded_day[claim],
        )

    # at the facility the clinician's own claim is no fault
    has_room = facility_services(world.parameters)[visits.primary] >= 0
    yield found("two_claims", np.flatnonzero((claims.part == 2) & ~has_room[claims.encounter]))
    yield found("late_charge", np.flatnonzero(claims.is_late_charge))
    shifted = np.flatnonzero(world.shifted_encounters)
    yield Instances(
        "timezone_day_shift",
        "encounter",
        take(names.systems, visits.hospital[shifted]),
        pa.nulls(len(shifted), _TEXT),
        names.encounter(shifted),
        money(np.zeros_like(shifted)),
        visits.day[shifted] + 1,
    )

    ids = people.ids()
    ours = pc.is_in(ids, ids.filter(pa.array(people.hospital == 0)))
    rows = np.flatnonzero(np.asarray(ours) & (people.hospital > 0))
    # known once both are registered
    first_of = people.registered_day[people.first_row[0] + people.number[rows] - 1]
    yield Instances(
        "patient_id_collision",
        "patient",
        take(names.systems, people.hospital[rows]),
        pa.nulls(len(rows), _TEXT),
        ids.take(pa.array(rows)),
        money(np.zeros_like(rows)),
        np.maximum(people.registered_day[rows], first_of),
    )


#: The remits that tell what the first, second and third bill of a claim are for.
_BILLED_BY = np.array([FIRST_DECISION, SECOND_DECISION, SECONDARY_DECISION])


def _of_money(world: World, names: Names) -> Iterator[Instances]:
    posted = world.history.transactions
    rows = np.flatnonzero((posted.kind == PATIENT_PAYMENT) & (posted.sequence % 10 == 2))
    head = names.head(posted.claim[rows])
    # a payment follows the one before it, whichever of them is posted first
    inserted = np.maximum(posted.insert_day[rows], posted.insert_day[rows - 1])
    # without what was billed, the same amount twice may be the halves of one bill
    billed_by = _BILLED_BY[posted.sequence[rows] // 10 - 1]
    yield Instances(
        "credit_balance",
        "claim",
        head["source_system"],
        pa.nulls(len(rows), _TEXT),
        head["claim_id"],
        money(posted.amount[rows]),
        inserted,
        held_by=decisions_held_by(world, billed_by, posted.claim[rows]),
    )


def _of_feeds(world: World, names: Names) -> Iterator[Instances]:
    posted, lines, claims = world.history.transactions, world.care.lines, world.care.claims
    charges = np.flatnonzero(drifting_charges(world))
    postings = np.flatnonzero(drifting_postings(world))
    claim = np.concatenate([lines.claim[charges], posted.claim[postings]])
    yield Instances(
        "status_casing_drift",
        "transaction",
        take(names.systems, claims.hospital[claim]),
        pa.nulls(len(claim), _TEXT),
        pa.concat_arrays([names.line(charges), id_columns.postings(world, postings)]),
        money(np.concatenate([lines.charge[charges], posted.amount[postings]])),
        np.concatenate([claims.coded_day[lines.claim[charges]], posted.insert_day[postings]]),
    )

    billed = np.flatnonzero(unlisted_fees(world))
    yield Instances(
        "unlisted_posting",
        "transaction",
        take(names.systems, claims.hospital[billed]),
        pa.nulls(len(billed), _TEXT),
        id_columns.fees(world, billed),
        money(np.full(len(billed), UNLISTED_FEE)),
        claims.coded_day[billed],
    )

    keyed = np.flatnonzero(misdated_payments(world))
    yield Instances(
        "misdated_payment",
        "transaction",
        take(names.systems, claims.hospital[keyed]),
        pa.array(["transactions"] * len(keyed), _TEXT),
        id_columns.misdated_payments(world, keyed),
        money(np.full(len(keyed), MISDATED_PAYMENT)),
        claims.coded_day[keyed],
    )

    files = exported_files(world)
    for fault_type, is_planted in (("renamed_column", is_renamed), ("new_column", has_new_column)):
        found = [file for file in files if is_planted(world, file[0], file[1])]
        paths = pa.array([file[2] for file in found], _TEXT)
        yield Instances(
            fault_type,
            "billing export",
            pa.array([names.systems[file[0]] for file in found], _TEXT),
            paths,
            paths,
            money(np.array([file[4] for file in found], dtype=np.int64)),
            np.array([file[1] for file in found], dtype=np.int64),
        )

    late = pa.array(late_postings(world))
    booked = gl_postings(world).filter(late)
    day = booked["arrival_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    hospital = pc.index_in(booked["hospital"], pa.array(names.facilities)).to_numpy()
    yield Instances(
        "month_end_restatement",
        "ledger posting",
        take(names.systems, hospital.astype(np.int64)),
        pa.nulls(len(day), _TEXT),
        booked["gl_id"].combine_chunks(),
        booked["amount"].combine_chunks(),
        day,
    )

    told = deposits(world)
    boxes = told.filter(pc.equal(told["payer_name"], banking.LOCKBOX_DEPOSITS))
    day = boxes["deposit_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    hospital = pc.index_in(boxes["hospital"], pa.array(names.facilities)).to_numpy()
    yield Instances(
        "lockbox_deposit",
        "deposit",
        take(names.systems, hospital.astype(np.int64)),
        pa.array([bank_file(on) for on in day.tolist()], _TEXT),
        boxes["deposit_id"].combine_chunks(),
        boxes["amount"].combine_chunks(),
        day + 1,
        detector=pa.repeat("R4", len(boxes)),
    )

    merged = mergers(world)
    yield Instances(
        "payer_merger",
        "payer",
        pa.nulls(len(merged), _TEXT),
        pa.nulls(len(merged), _TEXT),
        pa.array([second for _, second in merged.values()], _TEXT),
        money(np.zeros(len(merged), dtype=np.int64)),
        np.array([day for day, _ in merged.values()], dtype=np.int64),
    )
