"""CAS segments: what a payer did not pay of a line or claim, by group and reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from rcm_platform.world.feeds.x12.envelope import END, dollars
from rcm_platform.world.feeds.x12.lookup import Lookup
from rcm_platform.world.happened.history import ODD_REASON_CODES, WHOLE_CHARGE, WITHOUT_REMARK
from rcm_platform.world.happened.kinds import (
    ADJUSTMENT_COUNT,
    BY_CONTRACT,
    CONTRACTUAL,
    DENIAL,
    INCENTIVE,
    PENALTY,
    PRIOR_PAYER,
    QUALITY_REMARK,
    REASONS,
)

#: Group and reason, in the order of the columns of `RemitLines.adjustments`.
Reasons: TypeAlias = Sequence[tuple[str, str]]
_PATIENT, _OTHER = "PR", "OA"


def denial_reason(lookup: Lookup, denial: int, odd: int) -> tuple[str, str]:
    """Group and reason of a denial (row of denial_mix.csv, -1 none), as its payer puts it."""
    if denial < 0:
        return _OTHER, ""
    row = lookup.denials[denial]
    group = "CO" if odd == WHOLE_CHARGE else row["group_code"]
    return group, ODD_REASON_CODES[odd] or row["carc"]


def denial_remark(lookup: Lookup, denial: int, odd: int) -> str:
    """The remark code that goes with it, empty for none."""
    return "" if denial < 0 or odd == WITHOUT_REMARK else lookup.denials[denial]["remark_code"]


@lru_cache(maxsize=1 << 12)
def reasons(
    contract: tuple[str, str],
    is_patient_contractual: bool,
    denial: tuple[str, str],
    *,
    repeats_first_payer: bool = False,
) -> Reasons:
    """Group and reason of every adjustment column, for one payer and denial."""
    by_contract = _PATIENT if is_patient_contractual else contract[0]
    of = dict(enumerate(zip((_PATIENT,) * ADJUSTMENT_COUNT, REASONS, strict=True)))
    of |= {column: (by_contract, REASONS[column]) for column in BY_CONTRACT}
    of[CONTRACTUAL] = by_contract, contract[1]
    of[DENIAL] = denial
    of[PRIOR_PAYER] = contract if repeats_first_payer else (_OTHER, REASONS[PRIOR_PAYER])
    return tuple(of.values())


def segments(amounts: Iterable[int], of: Reasons) -> str:
    """The CAS segments, each with END before it; one per group, zero amounts left out."""
    groups: dict[str, list[str]] = {}
    for amount, (group, code) in zip(amounts, of, strict=True):
        if amount:
            groups.setdefault(group, []).append(f"{code}*{dollars(amount)}")
    return "".join(f"{END}CAS*{group}*{'**'.join(triplets)}" for group, triplets in groups.items())


def line_remark(amounts: Sequence[int], of_denial: str) -> str:
    """The remark code of a line, empty for none."""
    if is_denied(amounts):
        return of_denial
    return QUALITY_REMARK if amounts[INCENTIVE] or amounts[PENALTY] else ""


def is_denied(amounts: Sequence[int]) -> bool:
    return amounts[DENIAL] != 0


def unbalanced(amounts: Sequence[int], off: int) -> list[int]:
    """`off` cents planted on the first adjustment of a line."""
    wrong = list(amounts)
    wrong[DENIAL if is_denied(amounts) else CONTRACTUAL] += off
    return wrong
