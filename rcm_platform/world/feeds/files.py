"""Flat files of the treasury and of operations.

Treasury: bank deposits and the general ledger's cash postings, a file a day. Operations: lists of
facilities and payers, costs by month, targets of clinicians by year, payer contracts and fees. A
file belongs to the day of its arrival, which its name bears; the two lists have no date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rcm_platform.world.feeds import banking, id_columns, x12
from rcm_platform.world.feeds.csv_files import write_csv
from rcm_platform.world.happened.contracts import CATEGORIES, METHODS, PERCENT, SCHEDULE
from rcm_platform.world.happened.kinds import PATIENT_PAYMENT, REFUND
from rcm_platform.world.model import World
from rcm_platform.world.support.columns import dates, identifier, masked, money, take
from rcm_platform.world.support.dates import business_day, compact, to_date, to_day, weekday
from rcm_platform.world.support.parameters import WEEKDAYS
from rcm_platform.world.support.rng import Flags, Ints

#: Costs of a month are known on this day of the next one.
COSTS_ARRIVE_ON = 5
#: Cash of a month is posted by this day of the next one, but for planted late postings.
BOOKS_CLOSE_ON = 4
#: A late posting is about a deposit of the last days of a month: this many.
_MONTH_END_DAYS = 5
#: Days that a deposit may take (the window of rule R2).
DEPOSIT_WINDOW = 5
#: One number in so many is written with zeros in front.
_PADDED_IN = 20
PATIENT_DEPOSITS = "PATIENT PAYMENTS"
ACCOUNTS = ("Cash - Payers", "Cash - Patients")
MEDICARE = "MEDICARE"
#: Kinds of services that cost money, in the order of `Claims.is_institutional`.
_SERVICE_TYPES = ("professional", "facility")
#: A cost of no single department, or of both kinds.
_OF_ALL = "all"


@dataclass(frozen=True)
class _Deposits:
    """Rows are deposits by day, payers' before patients', then by hospital and payer."""

    day: Ints
    hospital: Ints
    amount: Ints
    is_patients: Flags
    ids: pa.Array
    payer_names: pa.Array
    trace_numbers: pa.Array
    remit_traces: pa.Array  # of the one payment that it pays
    place: Ints  # among those of its day, before checks were put together


def write_treasury(world: World, folder: Path, first_day: int, last_day: int) -> None:
    """The daily files that arrive on first_day..last_day."""
    told = _as_the_bank_writes(world, deposits(world))
    for name, rows in (("bank_deposits", told), ("gl_postings", gl_postings(world))):
        for day, shown in _by_arrival(world, rows, first_day, last_day):
            shown = shown.drop_columns(["remit_trace_number"])
            write_csv(folder / f"{name}_{compact(day)}.csv", shown)


def write_operations(world: World, folder: Path, first_day: int, last_day: int) -> None:
    """The lists, and the files that arrive on first_day..last_day."""
    write_csv(folder / "facilities.csv", facilities(world))
    write_csv(folder / "payers.csv", payers(world))
    for day, shown in _by_arrival(world, facility_costs(world), first_day, last_day):
        month = to_date(day - COSTS_ARRIVE_ON)
        write_csv(folder / f"facility_costs_{month:%Y%m}.csv", shown)
    for name, rows in (
        ("clinician_targets", clinician_targets(world)),
        ("payer_contracts", payer_contracts(world)),
        ("fee_schedules", fee_schedules(world)),
    ):
        for day, shown in _by_arrival(world, rows, first_day, last_day):
            write_csv(folder / f"{name}_{compact(day)}.csv", shown)


def deposits(world: World) -> pa.Table:
    """Grain: deposit that ever reaches the bank, with its day of arrival (= deposit_date).

    A payer's payment is one deposit; what patients pay a hospital is one a business day, less
    refunds. Days on which refunds are more are carried to the next. The checks of a lockbox are one
    deposit a day. `remit_trace_number`, which no file has, is that of the one payment that it pays.
    """
    found = _deposits(world)
    is_told = found.day >= banking.feed_start(world)[found.hospital]
    return pa.table(
        {
            "deposit_id": found.ids,
            "deposit_date": dates(found.day),
            "hospital": take(world.hospitals.facility_ids, found.hospital),
            "payer_name": found.payer_names,
            "trace_number": found.trace_numbers,
            "remit_trace_number": found.remit_traces,
            "amount": money(found.amount),
            "arrival_date": dates(found.day),
        }
    ).filter(pa.array(is_told))


def _as_the_bank_writes(world: World, rows: pa.Table) -> pa.Table:
    """Deposits with some numbers of payments behind zeros, as in a field of fixed width."""
    day = rows["deposit_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    is_padded = world.draws.below("padded number", _PADDED_IN, day, np.arange(len(day))) == 0
    is_padded &= rows["remit_trace_number"].is_valid().to_numpy()
    padded = pc.binary_join_element_wise(pa.scalar("00"), rows["trace_number"], "")
    numbers = pc.if_else(pa.array(is_padded), padded, rows["trace_number"])
    return rows.set_column(rows.column_names.index("trace_number"), "trace_number", numbers)


def is_covered(world: World) -> Flags:
    """Per payment: the bank's files would have its deposit, as far as a reader of them can tell.

    A reader knows neither the day of a deposit that is not there, nor since when the bank tells:
    only the first deposit of the hospital.
    """
    told = deposits(world)
    hospital = pc.index_in(told["hospital"], pa.array(world.hospitals.facility_ids)).to_numpy()
    first = np.full(len(world.hospitals.facility_ids), np.iinfo(np.int64).max)
    np.minimum.at(first, hospital, told["deposit_date"].cast(pa.int32()).to_numpy())
    pays = world.payments
    covered: Flags = pays.payment_day >= first[pays.hospital] - DEPOSIT_WINDOW
    return covered


def bank_file(day: int) -> str:
    """The file of the deposits of a day."""
    return f"bank_deposits_{compact(day)}.csv"


def gl_postings(world: World) -> pa.Table:
    """Grain: cash posting of the general ledger, one per deposit, with its day of arrival."""
    found = _deposits(world)
    posted = _posting_days(world, found)
    return pa.table(
        {
            "gl_id": pc.replace_substring(found.ids, "DEP", "GL"),
            "posting_date": dates(posted),
            "accounting_period": dates(_month_start(found.day)),
            "hospital": take(world.hospitals.facility_ids, found.hospital),
            "account": take(list(ACCOUNTS), found.is_patients.astype(np.int64)),
            # the books have the number of the remittance where the bank tells none
            "trace_number": pc.coalesce(found.trace_numbers, found.remit_traces),
            "remit_trace_number": found.remit_traces,
            "amount": money(found.amount),
            "arrival_date": dates(posted),
        }
    )


def late_postings(world: World) -> Flags:
    """Planted, per row of `gl_postings`: posted after the close of the month that it belongs to."""
    found = _deposits(world)
    day = found.day
    in_last_days = _month_start(day + _MONTH_END_DAYS) > _month_start(day)
    planted = world.faults.planted(
        "month_end_restatement", world.draws, day, found.hospital, found.place
    )
    return planted & in_last_days


def facilities(world: World) -> pa.Table:
    """Grain: facility of the group."""
    hospitals = world.hospitals
    return pa.table(
        {
            "facility_id": hospitals.facility_ids,
            "facility_name": hospitals.names,
            "source_system": hospitals.source_systems,
            "npi": [
                f"{npi};{of_group}" if group else npi
                for npi, group, of_group in zip(
                    hospitals.npis, hospitals.groups, hospitals.group_npis, strict=True
                )
            ],
            "tin": hospitals.tins,
        }
    )


def payers(world: World) -> pa.Table:
    """Grain: payer number. A payer that merges gets a second one, a row that names the first."""
    known = world.parameters.payers
    ids, names, classes = list(known.ids), list(known.names), list(known.classes)
    into: list[str | None] = [None] * len(ids)
    for payer, (_, second) in mergers(world).items():
        into.append(ids[payer])
        ids.append(second)
        names.append(names[payer])
        classes.append(classes[payer])
    return pa.table(
        {
            "payer_id": ids,
            "payer_name": names,
            "payer_class": classes,
            "merged_into": pa.array(into, pa.string()),
        }
    )


def mergers(world: World) -> dict[int, tuple[int, str]]:
    """Payer → (day, second number) of each payer that merges."""
    known = world.parameters.payers
    offsets = known.table.ints("merger_day_offset", 0, 3660)
    found = {}
    for payer, offset in enumerate(offsets.tolist()):
        day = world.start_day + offset
        if (second := world.payer_code(payer, day)) != known.ids[payer]:
            found[payer] = day, second
    return found


def facility_costs(world: World) -> pa.Table:
    """Grain: facility, month, department and kind of service, as the general ledger has them.

    A department's month costs what its services are worth by Medicare's rates, times what a dollar
    of them costs, within the swing. Administration is of no single department.
    """
    care, parameters = world.care, world.parameters
    costs, claim = parameters.costs, world.care.lines.claim
    visit = care.lines.encounter
    kind = care.claims.is_institutional[claim].astype(np.int64)
    month, department = (
        _month_start(care.encounters.day[visit]),
        world.providers.department[care.encounters.provider[visit]],
    )
    code = (month * 100 + care.claims.hospital[claim]) * 1000 + department * 2 + kind
    every, place = np.unique(code, return_inverse=True)
    worth = np.zeros(len(every), dtype=np.int64)
    np.add.at(worth, place, care.lines.medicare_allowed)
    rest, kind = np.divmod(every, 2)
    rest, department = np.divmod(rest, 500)
    month, hospital = np.divmod(rest, 100)
    rate = np.array([costs["professional_services"], costs["facility_services"]])[kind]
    level = parameters.facilities.ints("cost_permille", 1, 10_000)[hospital]
    swing = world.draws.below("cost", 2 * costs["swing"] + 1, hospital, month, department, kind)
    total = worth * rate // 1000 * level // 1000 * (1000 - costs["swing"] + swing) // 1000
    direct = total * (1000 - costs["administration"]) // 1000

    of_facility, place = np.unique(month * 100 + hospital, return_inverse=True)
    shared = np.zeros(len(of_facility), dtype=np.int64)
    np.add.at(shared, place, total - direct)
    shared_month, shared_hospital = np.divmod(of_facility, 100)
    after = _month_start(np.concatenate([month, shared_month]) + 31)
    of_all = pa.repeat(_OF_ALL, len(of_facility))
    table = pa.table(
        {
            "facility_id": take(
                world.hospitals.facility_ids, np.concatenate([hospital, shared_hospital])
            ),
            "month": dates(np.concatenate([month, shared_month])),
            "department_id": pa.concat_arrays([id_columns.departments(department), of_all]),
            "service_type": pa.concat_arrays([take(list(_SERVICE_TYPES), kind), of_all]),
            "cost_amount": money(np.concatenate([direct, shared])),
            "arrival_date": dates(after + COSTS_ARRIVE_ON - 1),
        }
    )
    # a month is closed when it is over
    return table.filter(pa.array(after <= world.through_day + 1))


def clinician_targets(world: World) -> pa.Table:
    """Grain: clinician and year. Arrives on the first day of the year, or of the world.

    The target is what a position of its specialty does in a year, within fifteen per cent.
    """
    providers = world.providers
    per_fte = world.parameters.specialties.ints("work_rvu_per_fte", 1, 20_000)
    yearly = providers.fte * per_fte[providers.department]
    every = np.arange(len(providers.number))
    parts = []
    for year in range(world.start.year, world.through.year + 1):
        key = (providers.hospital, providers.number, year)
        swing = 850 + world.draws.below("work target", 301, *key)
        arrival = max(world.start_day, to_day(date(year, 1, 1)))
        parts.append(
            pa.table(
                {
                    "facility_id": take(world.hospitals.facility_ids, providers.hospital),
                    "provider_id": id_columns.providers(world, every),
                    "year": pa.array(np.full(len(every), year, dtype=np.int32)),
                    "fte": money(providers.fte),
                    "work_rvu_target": money(yearly * swing // 1000),
                    "arrival_date": dates(np.full(len(every), arrival)),
                }
            )
        )
    return pa.concat_tables(parts)


def payer_contracts(world: World) -> pa.Table:
    """Grain: contract and service category: what a payer owes a facility.

    They arrive on the world's first day; those under a merged payer's second number when it merges.
    """
    terms = world.contracts
    payer, category = np.nonzero(terms.method >= 0)
    method, rate = terms.method[payer, category], terms.rate[payer, category]
    count = len(payer)
    facility_ids = world.hospitals.facility_ids
    facility = np.repeat(np.arange(len(facility_ids)), count)

    def repeated(column: pa.Array) -> pa.Array:
        return pa.concat_arrays([column] * len(facility_ids))

    rows = pa.table(
        {
            "payer": np.tile(payer, len(facility_ids)),
            "facility_id": take(facility_ids, facility),
            "service_category": repeated(take(list(CATEGORIES), category)),
            "method": repeated(take(list(METHODS), method)),
            # per mille of Medicare or cents: a percentage has one decimal
            "rate": repeated(
                pc.if_else(
                    pa.array(method == PERCENT),
                    _tenths(rate),
                    masked(money(rate).cast(pa.string()), method != SCHEDULE),
                )
            ),
            "is_lesser_of": repeated(
                take(["false", "true"], terms.is_lesser_of[payer, category].astype(np.int64))
            ),
        }
    )
    parts = []
    for ids, of_payer, since, arrival in _payer_numbers(world):
        shown = rows.filter(pc.is_in(rows["payer"], pa.array(of_payer)))
        payer_id = take(ids, shown["payer"].to_numpy())
        last = pc.utf8_slice_codeunits(shown["facility_id"], -1)
        parts.append(
            pa.table(
                {
                    "contract_id": pc.binary_join_element_wise(
                        pa.scalar("C"), payer_id, last.combine_chunks(), ""
                    ),
                    "payer_id": payer_id,
                    **{name: shown[name] for name in shown.column_names[1:]},
                    "effective_date": dates(np.full(len(shown), since)),
                    "end_date": pa.nulls(len(shown), pa.date32()),
                    "arrival_date": dates(np.full(len(shown), arrival)),
                }
            )
        )
    return pa.concat_tables(parts)


def fee_schedules(world: World) -> pa.Table:
    """Grain: schedule and procedure code: the fee of one unit, before modifiers.

    MEDICARE holds the reference rates that percentages are of. Arrival as in `payer_contracts`.
    """
    procedures = world.parameters.procedures
    codes = procedures.text("code")
    first = np.array(sorted({code: codes.index(code) for code in codes}.values()))
    reference = procedures.cents("medicare_allowed")[first]
    fees = world.contracts.fees[:, first]
    parts = []
    for ids, of_payer, since, arrival in _payer_numbers(world):
        schedules = [(ids[payer], fees[payer]) for payer in of_payer if fees[payer].any()]
        if arrival == world.start_day and len(of_payer) == len(fees):
            schedules.insert(0, (MEDICARE, reference))
        for schedule, amounts in schedules:
            parts.append(
                pa.table(
                    {
                        "schedule_id": pa.array([schedule] * len(first), pa.string()),
                        "procedure_code": take(codes, first),
                        "fee_amount": money(amounts),
                        "effective_date": dates(np.full(len(first), since)),
                        "end_date": pa.nulls(len(first), pa.date32()),
                        "arrival_date": dates(np.full(len(first), arrival)),
                    }
                )
            )
    return pa.concat_tables(parts)


def _payer_numbers(world: World) -> list[tuple[list[str], list[int], int, int]]:
    """(number of each payer, the payers concerned, valid since, arrival): at first, and mergers."""
    ids = world.parameters.payers.ids
    since = to_day(date(world.start.year - 1, 1, 1))
    found = [(ids, list(range(len(ids))), since, world.start_day)]
    for payer, (day, second) in mergers(world).items():
        renamed = [second if row == payer else name for row, name in enumerate(ids)]
        found.append((renamed, [payer], day, max(day, world.start_day)))
    return found


def _deposits(world: World) -> _Deposits:
    pays, payer_list = world.payments, world.parameters.payers
    paid, way = banking.received(world), banking.ways(world)
    rows = np.flatnonzero(paid > 0)
    traces = pa.array(x12.trace_numbers(x12.Lookup(world)), pa.string())
    hospital, day, amount = _patient_deposits(world)
    every_day = np.concatenate([pays.deposit_day[rows], day])
    every_hospital = np.concatenate([pays.hospital[rows], hospital])
    is_patients = np.repeat([False, True], [len(rows), len(day)])
    order = np.lexsort(
        (
            np.concatenate([pays.payment_day[rows], np.zeros_like(day)]),
            np.concatenate([pays.payer[rows], np.zeros_like(day)]),
            every_hospital,
            is_patients,
            every_day,
        )
    )
    place = _order_in_day(every_day[order])
    letters = [facility[-1] for facility in world.hospitals.facility_ids]
    is_card, is_check = (pa.array(way[rows] == kind) for kind in (banking.CARD, banking.CHECK))
    own = traces.take(pa.array(rows))
    nothing = pa.nulls(len(rows), pa.string())

    def of_bank(prefix: str, hospital: Ints, day: Ints) -> pa.Array:
        return pc.binary_join_element_wise(
            pa.scalar(prefix), take(letters, hospital), _compact(day), ""
        )

    paid_on = pays.hospital[rows], pays.deposit_day[rows]
    numbers = pc.if_else(
        is_card,
        pc.replace_substring(own, "EFT", "VCC"),
        pc.if_else(is_check, of_bank("LCK", *paid_on), own),
    )
    numbers = pc.if_else(pa.array(banking.is_unnumbered(world)[rows]), nothing, numbers)
    names = pc.if_else(
        is_card,
        banking.CARD_DEPOSITS,
        pc.if_else(is_check, banking.LOCKBOX_DEPOSITS, take(payer_list.names, pays.payer[rows])),
    )
    patients = take([PATIENT_DEPOSITS], np.zeros_like(day))
    found = _Deposits(
        day=every_day[order],
        hospital=every_hospital[order],
        amount=np.concatenate([paid[rows], amount])[order],
        is_patients=is_patients[order],
        ids=_deposit_ids(every_day[order], place),
        payer_names=pa.concat_arrays([names, patients]).take(pa.array(order)),
        trace_numbers=pa.concat_arrays([numbers, of_bank("LBX", hospital, day)]).take(
            pa.array(order)
        ),
        remit_traces=pa.concat_arrays(
            [pc.if_else(is_check, nothing, own), pa.nulls(len(day), pa.string())]
        ).take(pa.array(order)),
        place=place,
    )
    return _in_lockboxes(found)


def _in_lockboxes(found: _Deposits) -> _Deposits:
    """With the checks of a hospital and day as one deposit, in the place of the first."""
    is_check = np.asarray(pc.equal(found.payer_names, banking.LOCKBOX_DEPOSITS))
    of_box = np.where(
        is_check, found.hospital * 1_000_000 + found.day, -1 - np.arange(len(is_check))
    )
    _, first, box = np.unique(of_box, return_index=True, return_inverse=True)
    amount = np.zeros(len(first), dtype=np.int64)
    np.add.at(amount, box, found.amount)
    order = np.argsort(first)
    rows, places = first[order], pa.array(first[order])
    return _Deposits(
        day=found.day[rows],
        hospital=found.hospital[rows],
        amount=amount[order],
        is_patients=found.is_patients[rows],
        ids=found.ids.take(places),
        payer_names=found.payer_names.take(places),
        trace_numbers=found.trace_numbers.take(places),
        remit_traces=found.remit_traces.take(places),
        place=found.place[rows],
    )


def _patient_deposits(world: World) -> tuple[Ints, Ints, Ints]:
    """(hospital, day, amount above zero): what patients paid and got back, by business day."""
    posted = world.history.transactions
    rows = np.flatnonzero((posted.kind == PATIENT_PAYMENT) | (posted.kind == REFUND))
    hospital = world.care.claims.hospital[posted.claim[rows]]
    code = hospital * 1_000_000 + business_day(posted.insert_day[rows])
    every, place = np.unique(code, return_inverse=True)
    sums = np.zeros(len(every), dtype=np.int64)
    np.add.at(sums, place, posted.amount[rows])
    found: list[tuple[int, int, int]] = []
    carried, owner = 0, -1
    for where, total in zip(every.tolist(), sums.tolist(), strict=True):
        of_hospital, day = divmod(where, 1_000_000)
        carried = total + (carried if of_hospital == owner else 0)
        owner = of_hospital
        if carried > 0:
            found.append((of_hospital, day, carried))
            carried = 0
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    return columns[:, 0], columns[:, 1], columns[:, 2]


def _posting_days(world: World, found: _Deposits) -> Ints:
    day = found.day
    key = day, found.hospital, found.place
    later = world.draws.below("days to ledger", 3, *key)
    ordinary = day + later + 2 * (weekday(day) + later > 4)
    close = _month_start(day + _MONTH_END_DAYS)
    delay = world.draws.quantile("month end", world.parameters.lags["month_end_delay"], *key)
    return np.where(late_postings(world), business_day(close + delay), ordinary)


def _order_in_day(day: Ints) -> Ints:
    """The place of each row among those of its day; `day` ascends."""
    return np.arange(len(day)) - np.searchsorted(day, day)


def _deposit_ids(day: Ints, place: Ints) -> pa.Array:
    number = identifier("", (place + 1, 3))
    return pc.binary_join_element_wise(pa.scalar("DEP"), _compact(day), number, "")


def _compact(day: Ints) -> pa.Array:
    """yyyymmdd of each."""
    return pc.replace_substring(dates(day).cast(pa.string()), "-", "")


def _tenths(permille: Ints) -> pa.Array:
    """Per mille as a percentage with one decimal."""
    return identifier("", (permille // 10, 0), (permille % 10, 1), joint=".")


def _month_start(day: Ints) -> Ints:
    months = day.astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def _visits_per_weekday(world: World) -> Ints:
    """Facilities x weekdays."""
    volumes = world.parameters.sizes.where("size", world.size)
    return np.stack([volumes.ints(name) for name in WEEKDAYS], axis=1)


def _by_arrival(
    world: World, rows: pa.Table, first_day: int, last_day: int
) -> list[tuple[int, pa.Table]]:
    """(day, rows without their arrival) of each day of the window on which rows arrive."""
    day = rows["arrival_date"].cast(pa.int32()).to_numpy().astype(np.int64)
    order = np.argsort(day, kind="stable")
    shown = rows.drop_columns(["arrival_date"]).take(pa.array(order))
    day = day[order]
    starts = np.flatnonzero(np.diff(day, prepend=-1))
    counts = np.diff(starts, append=len(day))
    return [
        (int(day[start]), shown.slice(start, count))
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
        if first_day <= day[start] <= min(last_day, world.through_day)
    ]
