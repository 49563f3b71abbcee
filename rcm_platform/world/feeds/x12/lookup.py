"""What the writers look up: the text of the small tables' rows, and the claims of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from rcm_platform.world.feeds.x12.envelope import END
from rcm_platform.world.happened import identifiers
from rcm_platform.world.happened.kinds import (
    CONTRACTUAL,
    FIRST,
    FIRST_DECISION,
    INGREDIENT_COST,
    INTERIM,
    LAST_INTERIM,
    REASONS,
    REPLACEMENT,
    SECOND_DECISION,
    VOID,
)
from rcm_platform.world.support.dates import compact
from rcm_platform.world.support.rng import Flags, Ints

if TYPE_CHECKING:
    from rcm_platform.world.model import World

Rows: TypeAlias = np.ndarray[Any, np.dtype[np.int32]]
Texts: TypeAlias = Sequence[str] | np.ndarray | pa.Array | pa.ChunkedArray

INPATIENT, EMERGENCY, KNEE_OR_HIP = "Inpatient", "Emergency", "470"
#: Above this charge (cents) a claim carries a prior authorization number, unless denied for it.
AUTHORIZED_FROM = 60_000


def pick(column: Texts, rows: Ints) -> list[str]:
    """The text of each row number, of a list, a numpy or an Arrow column."""
    if isinstance(column, pa.Array | pa.ChunkedArray):
        return column.take(pa.array(rows)).to_pylist()
    if isinstance(column, np.ndarray):
        return column[rows].tolist()
    return [column[row] for row in rows.tolist()]


def runs(*columns: Ints) -> list[tuple[int, int]]:
    """(first, end) of each run of equal values in sorted columns."""
    if not len(columns[0]):
        return []
    changes = np.zeros(len(columns[0]) - 1, dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])]
    return list(pairwise(edges))


def ranges(first: Ints, count: Ints) -> Ints:
    """first[0], first[0]+1, … first[0]+count[0]-1, first[1], …"""
    ends = np.cumsum(count)
    return np.repeat(first - (ends - count), count) + np.arange(ends[-1] if len(ends) else 0)


def days(values: Ints) -> list[str]:
    """yyyymmdd of each."""
    return list(map(compact, values.tolist()))


def service_codes(procedures: list[str], modifiers: list[str]) -> list[str]:
    """SV101 = SV202 = SVC01 of lines: "HC:99213:25", or "" for a room."""
    return [
        f"{procedure}:{modifier.replace(' ', ':')}" if modifier else procedure
        for procedure, modifier in zip(procedures, modifiers, strict=True)
    ]


def bad_npi(npi: str) -> str:
    """A number that fails its check digit."""
    return f"{npi[:-1]}{(int(npi[-1]) + 1) % 10}"


@dataclass(frozen=True)
class PatientTexts:
    """Columns of the patients of one file, as they are written."""

    names: list[str]  # NM103 to NM105
    members: list[str]
    addresses: list[str]  # N3 and N4
    demographics: list[str]  # DMG02 and DMG03


class Lookup:
    """The parts of one world that many files need. Costs little; files take slices of the rest."""

    def __init__(self, world: World) -> None:
        self.world = world
        parameters, hospitals = world.parameters, world.hospitals
        self.systems = hospitals.source_systems
        self.facility_ids = hospitals.facility_ids
        self.npis = hospitals.npis
        self.hospital_names = [name.upper() for name in hospitals.names]
        # per form: the physicians of a hospital may bill by a number of their own
        groups = list(zip(hospitals.groups, hospitals.group_npis, strict=True))
        self.billing_names, self.billing_npis = (
            [
                [
                    name.upper() or own
                    for (name, _), own in zip(groups, self.hospital_names, strict=True)
                ],
                self.hospital_names,
            ],
            [
                [npi if name else own for (name, npi), own in zip(groups, self.npis, strict=True)],
                self.npis,
            ],
        )
        self.facility_addresses = [
            f"N3*{place['street'].upper()}{END}"
            f"N4*{place['city'].upper()}*{place['state']}*{place['zip']}0001"
            for place in parameters.facilities.rows
        ]
        payers = parameters.payers
        self.payer_names = [name.upper() for name in payers.names]
        # per form: Medicare pays professional claims from its part B, institutional ones from A
        self.filing_837, self.filing_835 = (
            [codes, ["MA" if code == "MB" else code for code in codes]]
            for codes in map(payers.table.text, ("filing_code_837", "filing_code_835"))
        )
        #: Group and reason of what each payer takes off by contract.
        self.contract_reasons = [
            (group, INGREDIENT_COST if dispensing else REASONS[CONTRACTUAL])
            for group, dispensing in zip(
                payers.table.text("contractual_group"),
                payers.table.permille("dispensing_permille").tolist(),
                strict=True,
            )
        ]
        self._payer_codes: dict[tuple[int, int], str] = {}

        taxonomies = parameters.specialties.text("taxonomy")
        providers = world.providers
        self.provider_names = [
            f"{last}*{first}".upper()
            for last, first in zip(providers.last_names, providers.first_names, strict=True)
        ]
        self.provider_npis = list(providers.npis)
        self.taxonomies = [taxonomies[d] for d in providers.department.tolist()]

        visit_types = {row["visit_type"]: row for row in parameters.visit_types.rows}
        procedures = parameters.procedures
        visits = [visit_types.get(name, {}) for name in procedures.text("visit_type")]
        # per procedure as the primary one of a visit; extra procedures have no visit type
        self.visit_types = procedures.text("visit_type")
        self.places = [visit.get("place_of_service", "") for visit in visits]
        self.bill_types = [visit.get("bill_type", "") for visit in visits]
        # a room has no procedure code: its revenue code says all
        self.service_codes = [
            "" if row["role"] == "room" else f"HC:{row['code']}" for row in procedures.rows
        ]
        self.revenue_codes = procedures.text("revenue_code")
        self.diagnoses = parameters.diagnoses.text("icd10")
        self.drgs = parameters.diagnoses.text("drg")
        self.denials = parameters.denials.rows
        self.towns = [
            f"N4*{row['town']}*{row['state']}*{row['zip']}".upper() for row in parameters.towns.rows
        ]

    def payer_code(self, payer: int, day: int) -> str:
        """The number under which a payer is known on the wire on a day."""
        key = payer, day
        if key not in self._payer_codes:
            self._payer_codes[key] = self.world.payer_code(payer, day)
        return self._payer_codes[key]

    def patients(self, claim: Ints, is_secondary: Flags, *, with_home: bool) -> PatientTexts:
        """Of claims; the member number is that of the secondary payer where one is asked."""
        care = self.world.care
        people, row = care.patients, care.encounters.patient[care.claims.encounter[claim]]
        names = zip(
            pick(people.last_names, row),
            pick(people.first_names, row),
            pick(people.middle_initials, row),
            strict=True,
        )
        members = pick(people.member_ids, row)
        places = np.flatnonzero(is_secondary)
        others = pick(people.secondary_member_ids, row[places])
        for place, member in zip(places.tolist(), others, strict=True):
            members[place] = member
        streets = pick(people.streets, row) if with_home else []
        towns = people.town[row].tolist() if with_home else []
        births = days(people.birth_day[row]) if with_home else []
        women = people.is_female[row].tolist() if with_home else []
        return PatientTexts(
            names=[f"{last}*{first}*{middle}".upper() for last, first, middle in names],
            members=members,
            addresses=[
                f"N3*{street.upper()}{END}{self.towns[town]}"
                for street, town in zip(streets, towns, strict=True)
            ],
            demographics=[
                f"{birth}*{'F' if woman else 'M'}"
                for birth, woman in zip(births, women, strict=True)
            ],
        )

    def claim_ids(self, claim: Ints) -> list[str]:
        return identifiers.claim_ids(*self._numbers(claim))

    def payer_claim_numbers(self, claim: Ints, attempt: Ints) -> list[str]:
        hospital = self.world.care.claims.hospital[claim]
        return identifiers.payer_claim_numbers(hospital, *self._numbers(claim), attempt)

    def clearinghouse_numbers(self, claim: Ints, attempt: Ints) -> list[str]:
        hospital = self.world.care.claims.hospital[claim]
        return identifiers.clearinghouse_numbers(hospital, *self._numbers(claim), attempt)

    def days(self, claim: Ints, attempt: Ints) -> tuple[list[int], list[int]]:
        """The first and the last day of what each submission is about."""
        first, last = self.world.history.interim.days(claim, attempt)
        return first.tolist(), last.tolist()

    @cached_property
    def line_days(self) -> Ints:
        """Per line: its day on the wire."""
        return self.world.history.interim.line_days()

    def _numbers(self, claim: Ints) -> tuple[Ints, Ints]:
        care = self.world.care
        return care.encounters.number[care.claims.encounter[claim]], care.claims.part[claim]

    @cached_property
    def has_authorization(self) -> Flags:
        """Per claim: it carries a prior authorization number (REF*G1)."""
        return has_authorization(self.world)

    @cached_property
    def primary_lines(self) -> Rows:
        """Per line: the row of RemitLines that a secondary payer is told about, -1 for none."""
        return self._primary[0]

    @cached_property
    def primary_remits(self) -> Rows:
        """Per claim: the row of Remits that a secondary payer is told about, -1 for none."""
        return self._primary[1]

    @cached_property
    def _primary(self) -> tuple[Rows, Rows]:
        """The first decision, and on top of it what a second one paid."""
        history, care = self.world.history, self.world.care
        remits, remit_lines = history.remits, history.remit_lines
        of_line = np.full(len(care.lines.claim), -1, dtype=np.int32)
        of_claim = np.full(len(care.claims.encounter), -1, dtype=np.int32)
        for kind in (FIRST_DECISION, SECOND_DECISION):
            told = remits.kind == kind
            if kind == SECOND_DECISION:
                told &= remits.paid > 0
            rows = np.flatnonzero(told)
            of_claim[remits.claim[rows]] = rows
            rows = np.flatnonzero((told & ~remits.is_claim_level)[remit_lines.remit])
            of_line[remit_lines.line[rows]] = rows
        return of_line, of_claim


def has_authorization(world: World) -> Flags:
    """Per claim of `world`: expensive enough to need a prior authorization, and it was got."""
    remits = world.history.remits
    is_about_it = np.array(
        [row["category"] == "Authorization" for row in world.parameters.denials.rows] + [False]
    )
    lacking = np.zeros(len(world.care.claims.encounter), dtype=bool)
    lacking[remits.claim[is_about_it[remits.denial]]] = True
    flags: Flags = (world.care.claims.charge >= AUTHORIZED_FROM) & ~lacking
    return flags


def frequencies(lookup: Lookup, claim: Ints, attempt: Ints) -> list[str]:
    """CLM05-3 of submissions: 1 original, 2 to 4 interim bill (first, continuing, last), 5 late
    charge (institutional), 7 replaced, 8 void."""
    claims = lookup.world.care.claims
    late = claims.is_late_charge[claim] & claims.is_institutional[claim]
    codes = np.where(late, 5, 1)
    is_in_parts = lookup.world.history.interim.count[claim] > 1
    codes[is_in_parts & (attempt == FIRST + 1)] = 2
    codes[attempt == INTERIM + 1] = 3
    codes[attempt == LAST_INTERIM + 1] = 4
    codes[attempt == REPLACEMENT + 1] = 7  # attempts count the kinds of submissions from 1
    codes[attempt == VOID + 1] = 8
    return list(map(str, codes.tolist()))
