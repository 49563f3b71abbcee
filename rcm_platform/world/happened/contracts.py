"""What each payer owes by contract: `parameters/contracts.csv`, applied to claims.

The allowed amount of a line is, by the method of its payer and service category:

    percent of medicare   the Medicare rate of the line x the percentage
    fee schedule          the fee of the code in the payer's schedule x units, after modifiers
    case rate             one amount for the claim, spread over its lines by their charges
    per diem              the same, times the days of the stay

and with `is_lesser_of` never more than the charge. Fractions of a cent are dropped, line by line;
what a spread drops goes to the claim's first line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.support.parameters import ParameterError, Parameters
from rcm_platform.world.support.rng import Draws, Flags, Ints

if TYPE_CHECKING:
    from rcm_platform.world.happened.encounters import Care

METHODS = ("percent of medicare", "fee schedule", "case rate", "per diem")
PERCENT, SCHEDULE, CASE_RATE, PER_DIEM = range(4)
CATEGORIES = ("Professional", "Outpatient", "Emergency", "Inpatient")
INPATIENT = CATEGORIES.index("Inpatient")


@dataclass(frozen=True)
class Contracts:
    """Payers x service categories. `method` is -1 where there is no contract (self-pay)."""

    method: Ints
    rate: Ints  # permille of Medicare, or cents
    is_lesser_of: Flags
    fees: Ints  # payers x procedure rows: cents per unit of the payer's schedule, 0 without one


def contracts(parameters: Parameters, draws: Draws) -> Contracts:
    """Read the contract terms and draw the fee schedules. Raises ParameterError."""
    table, payers = parameters.contracts, parameters.payers
    shape = (len(payers.ids), len(CATEGORIES))
    method, rate = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    lesser = np.zeros(shape, dtype=bool)
    hundredths = table.cents("rate")
    for number, row in enumerate(table.rows):
        for column, known in (
            ("payer_id", payers.ids),
            ("service_category", CATEGORIES),
            ("method", METHODS),
            ("is_lesser_of", ("true", "false")),
        ):
            if row[column] not in known:
                raise ParameterError(
                    f"contracts.csv line {number + 2}: {column} = {row[column]!r} is none of "
                    f"{', '.join(known)}"
                )
        at = payers.ids.index(row["payer_id"]), CATEGORIES.index(row["service_category"])
        method[at] = METHODS.index(row["method"])
        is_percentage = method[at] in (PERCENT, SCHEDULE)
        rate[at] = hundredths[number] // 10 if is_percentage else hundredths[number]
        lesser[at] = row["is_lesser_of"] == "true"

    codes = parameters.procedures.text("code")
    first_of_code = np.array([codes.index(code) for code in codes])
    medicare = parameters.procedures.cents("medicare_allowed")
    fees = np.zeros((shape[0], len(codes)), dtype=np.int64)
    for payer in range(shape[0]):
        scheduled = np.flatnonzero(method[payer] == SCHEDULE)
        if len(scheduled):
            # a schedule follows Medicare only on average: some services pay better than others
            swing = 850 + draws.below("fee schedule", 301, payer, first_of_code)
            fees[payer] = medicare * rate[payer, scheduled[0]] * swing // 1_000_000
    return Contracts(method, rate, lesser, fees)


def service_category(parameters: Parameters, care: Care) -> Ints:
    """The row of CATEGORIES of each claim."""
    visit_types = parameters.procedures.text("visit_type")
    of_procedure = np.array(
        [CATEGORIES.index(name) if name in CATEGORIES else 0 for name in visit_types]
    )
    claims = care.claims
    by_visit = of_procedure[care.encounters.primary[claims.encounter]]
    return np.where(claims.is_institutional, by_visit, 0)


def expected_allowed(parameters: Parameters, terms: Contracts, care: Care) -> Ints:
    """Per line of `care`, in cents: what the claim's payer owes and what the patient shares."""
    claims, lines = care.claims, care.lines
    category = service_category(parameters, care)
    payer = claims.payer
    method = terms.method[payer, category][lines.claim]
    rate = terms.rate[payer, category][lines.claim]
    lesser = terms.is_lesser_of[payer, category]

    percent = lines.medicare_allowed * rate // 1000
    fee = terms.fees[payer[lines.claim], lines.procedure] * lines.units
    fee = fee * modifier_percent(parameters, lines.modifiers_row) // 100

    visits = care.encounters
    days = np.maximum(visits.end_day - visits.day, 1)[claims.encounter]
    whole = terms.rate[payer, category] * np.where(
        terms.method[payer, category] == PER_DIEM, days, 1
    )
    whole = np.where(lesser, np.minimum(whole, claims.charge), whole)
    spread = whole[lines.claim] * lines.charge // np.maximum(claims.charge[lines.claim], 1)
    dropped = whole - np.add.reduceat(spread, claims.first_line)
    spread[claims.first_line] += dropped

    allowed = np.select(
        [method == PERCENT, method == SCHEDULE], [percent, fee], default=np.where(
            method < 0, lines.charge, spread
        )
    )  # fmt: skip
    allowed = np.where(lesser[lines.claim], np.minimum(allowed, lines.charge), allowed)
    is_capitated = parameters.payers.is_capitated[payer][lines.claim]
    return np.where(is_capitated, 0, np.maximum(allowed, 1))


def is_priced_by_fee(parameters: Parameters, terms: Contracts, care: Care) -> Flags:
    """Per line of `care`: whether its price is a fee, for as often as the bill says, and not a part
    of that of the case."""
    method = terms.method[care.claims.payer, service_category(parameters, care)]
    return np.isin(method, (PERCENT, SCHEDULE))[care.lines.claim]


def as_told(parameters: Parameters, draws: Draws, care: Care, amounts: Ints) -> Ints:
    """Amounts of lines as their payers tell them: some pay a stay on its first line alone."""
    claims, lines = care.claims, care.lines
    visits = care.encounters
    is_stay = (visits.end_day > visits.day)[claims.encounter] & (
        service_category(parameters, care) == INPATIENT
    )
    rate = parameters.payers.table.permille("packaged_permille")[claims.payer]
    packs = is_stay & draws.chance("packaged stay", rate, claims.key)
    totals = np.zeros_like(amounts)
    totals[claims.first_line] = np.add.reduceat(amounts, claims.first_line)
    told: Ints = np.where(packs[lines.claim], totals, amounts)
    return told


def modifier_percent(parameters: Parameters, modifier: Ints) -> Ints:
    """Payment percentage of each line's own modifier (row of modifiers.csv, -1 none)."""
    percents = np.append(parameters.modifiers.ints("payment_percent", 1, 300), 100)
    return percents[modifier]
