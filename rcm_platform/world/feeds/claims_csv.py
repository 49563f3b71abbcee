"""The legacy billing export of each hospital: one CSV a month, with the status of each claim.

A file is made on the second of a month. It lists the claims that were changed since the one before
(sent, acknowledged, sent again, answered by a payer), as the billing system knows them on that day.
So a claim comes again with each change of its status. Some files are planted with a renamed column
(such a file cannot be read) or with a column more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from rcm_platform.world.feeds import id_columns
from rcm_platform.world.feeds.csv_files import write_csv
from rcm_platform.world.happened.kinds import (
    COINSURANCE,
    COPAY,
    DEDUCTIBLE,
    FIRST,
    FIRST_DECISION,
    INTERIM_DECISION,
    SECOND_DECISION,
    SECONDARY_DECISION,
    STRANGER,
)
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import OPEN_SECONDS, dates, masked, money, take, timestamps
from rcm_platform.world.support.dates import compact
from rcm_platform.world.support.rng import Ints

#: A month's file arrives on this day of the next one.
ARRIVES_ON = 2
STATUSES = ("Paid", "Denied", "Pending", "Rejected", "Partially Paid")
PAID, DENIED, PENDING, REJECTED, PARTIALLY_PAID = range(5)
RENAMED, RENAMED_TO, NEW_COLUMN = "PaidAmount", "PaidAmt", "ExportBatch"
#: Columns of `billing_exports` that the files do not have.
_HIDDEN = ("source_system", "source_file", "is_renamed", "arrival_date")


def write_claims_csv(world: World, folder: Path, first_day: int, last_day: int) -> None:
    """The files that arrive on first_day..last_day, in a folder per hospital."""
    until = min(last_day, world.through_day)
    for hospital, system in enumerate(world.hospitals.source_systems):
        claim, arrival = _exported(world, hospital)
        for day in np.unique(arrival[(arrival >= first_day) & (arrival <= until)]).tolist():
            rows = np.flatnonzero(arrival == day)
            shown = _export(world, claim[rows], arrival[rows]).drop_columns(list(_HIDDEN))
            if is_renamed(world, hospital, day):
                names = [RENAMED_TO if n == RENAMED else n for n in shown.column_names]
                shown = shown.rename_columns(names)
            if has_new_column(world, hospital, day):
                batch = pa.array([f"B{compact(day)}"] * len(shown), pa.string())
                shown = shown.append_column(NEW_COLUMN, batch)
            write_csv(folder / _file(system, day), shown)


def billing_exports(world: World) -> pa.Table:
    """Grain: claim in an export. The file's columns, source_system, source_file and arrival_date.

    `is_renamed` marks the rows of files that cannot be read.
    """
    parts = [_exported(world, hospital) for hospital in range(len(world.hospitals.names))]
    claim, arrival = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((arrival, claim))
    claim, arrival = claim[order], arrival[order]
    starts = np.flatnonzero(np.diff(claim, prepend=-1))
    listing = np.arange(len(claim)) - np.repeat(starts, np.diff(starts, append=len(claim)))
    return pa.concat_tables(
        _export(world, claim[listing == number], arrival[listing == number])
        for number in range(int(listing.max(initial=0)) + 1)
    )


def exported_files(world: World) -> list[tuple[int, int, str, int, int]]:
    """(hospital, arrival day, file relative to claims_csv/, claims, cents claimed) of each file."""
    found = []
    for hospital, system in enumerate(world.hospitals.source_systems):
        claim, arrival = _exported(world, hospital)
        for day in np.unique(arrival).tolist():
            rows = claim[arrival == day]
            cents = int(world.care.claims.charge[rows].sum())
            found.append((hospital, day, _file(system, day), len(rows), cents))
    return found


def is_renamed(world: World, hospital: int, day: int) -> bool:
    """Planted: the file of that arrival day has PaidAmt for PaidAmount."""
    return bool(world.faults.planted("renamed_column", world.draws, hospital, day)[0])


def has_new_column(world: World, hospital: int, day: int) -> bool:
    """Planted: the file of that arrival day has a column that nobody announced."""
    planted = bool(world.faults.planted("new_column", world.draws, hospital, day)[0])
    return planted and not is_renamed(world, hospital, day)


def _file(system: str, day: int) -> str:
    return f"{system}/claims_{compact(day)}.csv"


def _exported(world: World, hospital: int) -> tuple[Ints, Ints]:
    """(claim, arrival day of its file), by file and claim; a claim once in a file."""
    sent, remits = world.history.submissions, world.history.remits
    is_told = remits.kind != STRANGER
    claim = np.concatenate([sent.claim, sent.claim, remits.claim[is_told]])
    day = np.concatenate([sent.day, sent.ack_day, remits.era_day[is_told]])
    first_sent = np.full(len(world.care.claims.key), np.iinfo(np.int64).max)
    is_first = sent.kind == FIRST
    first_sent[sent.claim[is_first]] = sent.day[is_first]
    # what is not sent yet is not listed, whoever has answered it
    shown = (world.care.claims.hospital[claim] == hospital) & (day >= first_sent[claim])
    claim, day = claim[shown], day[shown]
    # the file of a day's changes is made on a second: those of the first two days are in it
    month = (day - ARRIVES_ON).astype("datetime64[D]").astype("datetime64[M]") + 1
    arrival = month.astype("datetime64[D]").astype(np.int64) + ARRIVES_ON - 1
    code = np.unique(arrival * len(first_sent) + claim)
    return code % len(first_sent), code // len(first_sent)


def _export(world: World, claim: Ints, arrival: Ints) -> pa.Table:
    """Of claims that are listed once each here."""
    claims, visits, history = world.care.claims, world.care.encounters, world.history
    hospital, encounter = claims.hospital[claim], claims.encounter[claim]
    known_until = np.full(len(claims.key), -1, dtype=np.int64)
    known_until[claim] = arrival

    sent = history.submissions
    first_sent, last_change = np.zeros_like(known_until), np.zeros_like(known_until)
    is_first = sent.kind == FIRST
    first_sent[sent.claim[is_first]] = sent.day[is_first]
    is_rejected = np.zeros(len(claims.key), dtype=bool)
    answered = sent.ack_day <= known_until[sent.claim]
    is_rejected[sent.claim[is_first & sent.is_rejected & answered]] = True
    sent_again = ~is_first & (sent.day <= known_until[sent.claim])
    is_rejected[sent.claim[sent_again]] = False
    for day, known in ((sent.day, is_first | sent_again), (sent.ack_day, answered)):
        np.maximum.at(last_change, sent.claim[known], day[known])

    remits = history.remits
    known = (remits.kind != STRANGER) & (remits.era_day <= known_until[remits.claim])
    np.maximum.at(last_change, remits.claim[known], remits.era_day[known])
    is_decided, has_paid, is_open = (np.zeros(len(claims.key), dtype=bool) for _ in range(3))
    for kind in (FIRST_DECISION, SECOND_DECISION):
        rows = np.flatnonzero(known & (remits.kind == kind))
        is_decided[remits.claim[rows]] = True
        has_paid[remits.claim[rows]] |= remits.allowed[rows] > 0
        is_open[remits.claim[rows]] = remits.denial[rows] >= 0
    is_part = known & np.isin(remits.kind, (FIRST_DECISION, INTERIM_DECISION))
    parts = np.bincount(remits.claim[is_part], minlength=len(claims.key))
    is_open |= is_decided & (parts < history.interim.count)
    status = np.select(
        [is_decided & ~is_open, is_decided & has_paid, is_decided, is_rejected],
        [PAID, PARTIALLY_PAID, DENIED, REJECTED],
        PENDING,
    )[claim]

    paid = np.zeros(len(claims.key), dtype=np.int64)
    np.add.at(paid, remits.claim[known], remits.paid[known])
    remit = history.remit_lines.remit
    of_primary = (known & (remits.kind != SECONDARY_DECISION))[remit]
    shares = np.zeros((len(claims.key), 3), dtype=np.int64)
    by_primary = history.remit_lines.adjustments[of_primary][:, [DEDUCTIBLE, COINSURANCE, COPAY]]
    np.add.at(shares, remits.claim[remit[of_primary]], by_primary)
    decided = (status == PAID) | (status == PARTIALLY_PAID) | (status == DENIED)

    def known_money(cents: Ints) -> pa.Array:
        return masked(money(cents[claim]), decided)

    payers, draws = world.parameters.payers, world.draws
    made = draws.below("time of export row", OPEN_SECONDS, claims.key[claim])
    provider = visits.provider[encounter]
    systems = world.hospitals.source_systems
    codes = hospital * 1_000_000 + arrival
    distinct, place = np.unique(codes, return_inverse=True)
    files = [divmod(code, 1_000_000) for code in distinct.tolist()]  # (hospital, arrival)
    names = [_file(systems[where], day) for where, day in files]
    renamed = np.array([is_renamed(world, where, day) for where, day in files], dtype=bool)
    return pa.table(
        {
            "ClaimID": id_columns.claims(world, claim),
            "TransactionID": id_columns.charges(world, claims.first_line[claim]),
            "PatientID": id_columns.patients(world, visits.patient[encounter]),
            "EncounterID": id_columns.encounters(world, encounter),
            "ProviderID": id_columns.providers(world, provider),
            "DeptID": id_columns.departments(world.providers.department[provider]),
            "ServiceDate": dates(visits.day[encounter]),
            "ClaimDate": dates(first_sent[claim]),
            "PayorID": id_columns.payers(world, claims.payer[claim]),
            "ClaimAmount": money(claims.charge[claim]),
            "PaidAmount": known_money(paid),
            "ClaimStatus": take(list(STATUSES), status),
            "PayorType": take(payers.classes, claims.payer[claim]),
            "Deductible": known_money(shares[:, 0]),
            "Coinsurance": known_money(shares[:, 1]),
            "Copay": known_money(shares[:, 2]),
            "InsertDate": timestamps(first_sent[claim], made).cast(pa.timestamp("s")),
            "ModifiedDate": timestamps(last_change[claim], made).cast(pa.timestamp("s")),
            "source_system": take(systems, hospital),
            "source_file": take(names, place),
            "is_renamed": pa.array(renamed[place]),
            "arrival_date": dates(arrival),
        }
    )
