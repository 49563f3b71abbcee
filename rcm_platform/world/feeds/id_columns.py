"""Identifiers as Arrow columns, by row numbers of the world; as text: `identifiers.py`."""

from __future__ import annotations

import pyarrow as pa

from rcm_platform.world.model import World
from rcm_platform.world.support.columns import identifier, take
from rcm_platform.world.support.rng import Ints


def patients(world: World, patient: Ints) -> pa.Array:
    return world.care.patients.ids(patient)


def providers(world: World, provider: Ints) -> pa.Array:
    return identifier("PROV", (world.providers.number[provider], 4))


def departments(department: Ints) -> pa.Array:
    """By rows of specialties.csv."""
    return identifier("DEPT", (department + 1, 3))


def encounters(world: World, encounter: Ints) -> pa.Array:
    return identifier("E", (world.care.encounters.number[encounter], 8))


def claims(world: World, claim: Ints) -> pa.Array:
    return identifier("CLM", *_claim_digits(world, claim))


def authorizations(world: World, claim: Ints) -> pa.Array:
    """The payer's numbers: REF*G1."""
    return identifier("A", *_claim_digits(world, claim))


def charges(world: World, line: Ints, prefix: str = "T") -> pa.Array:
    lines = world.care.lines
    number = world.care.encounters.number[lines.encounter[line]]
    return identifier(prefix, (number, 8), (lines.number[line], 3))


def postings(world: World, posting: Ints) -> pa.Array:
    posted, claims = world.history.transactions, world.care.claims
    claim = posted.claim[posting]
    number = world.care.encounters.number[claims.encounter[claim]]
    place = claims.part[claim] * 100 + posted.sequence[posting]
    return identifier("T", (number, 8), (place, 3))


def fees(world: World, claim: Ints) -> pa.Array:
    """Rows of the journal of a kind that no list has."""
    return _journal_rows(world, claim, "F")


def misdated_payments(world: World, claim: Ints) -> pa.Array:
    """Rows of the journal that are keyed with a modification date years ahead."""
    return _journal_rows(world, claim, "M")


def _journal_rows(world: World, claim: Ints, prefix: str) -> pa.Array:
    claims = world.care.claims
    number = world.care.encounters.number[claims.encounter[claim]]
    return identifier(prefix, (number, 8), (claims.part[claim], 3))


def payers(world: World, payer: Ints) -> pa.Array:
    """As the hospitals list them: under the first of two numbers."""
    return take(world.parameters.payers.ids, payer)


def _claim_digits(world: World, claim: Ints) -> tuple[tuple[Ints, int], tuple[Ints, int]]:
    claims = world.care.claims
    number = world.care.encounters.number[claims.encounter[claim]]
    return (number, 8), (claims.part[claim], 2)
