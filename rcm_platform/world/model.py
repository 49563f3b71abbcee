"""The whole world in memory: what happened, with the identifiers that every writer shares.

Writers (databases, X12, CSV) and the truth read this one object and none reads another's output.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from rcm_platform.world.claims import Story, fault_rate, story
from rcm_platform.world.dates import business_day, compact, to_day
from rcm_platform.world.encounters import Care, care
from rcm_platform.world.parameters import Parameters
from rcm_platform.world.people import Hospitals, Providers, hospitals, providers
from rcm_platform.world.rng import Draws, Flags, Ints


@dataclass(frozen=True)
class Payments:
    """Rows are remittance payments (one 835 file each): hospital, payer and payment day."""

    hospital: Ints
    payer: Ints
    payment_day: Ints
    era_day: Ints  # the file arrives
    deposit_day: Ints  # the money arrives
    amount: Ints
    first_remit: Ints
    remit_count: Ints
    is_duplicated: Flags  # the file is delivered a second time


class World:
    """One world. Building it costs about a second per 100,000 claims; writing it is separate."""

    def __init__(self, *, seed: int, size: str, start: date, through: date) -> None:
        self.seed, self.size, self.start, self.through = seed, size, start, through
        self.start_day, self.through_day = to_day(start), to_day(through)
        self.parameters = Parameters()
        self.draws = Draws(seed)
        self.hospitals: Hospitals = hospitals(self.parameters, self.draws)
        self.providers: Providers = providers(self.parameters, self.draws)
        self.care: Care = care(
            self.parameters, self.draws, self.providers, size, self.start_day, self.through_day
        )
        self.story: Story = story(self.parameters, self.draws, self.care, size)

    @cached_property
    def payments(self) -> Payments:
        """Remits grouped by hospital, payer and payment day; their order is that of the remits."""
        remits, claims = self.story.remits, self.care.claims
        hospital, payer = claims.hospital[remits.claim], claims.payer[remits.claim]
        changes = np.zeros(len(hospital), dtype=bool)
        changes[:1] = True
        for column in (hospital, payer, remits.payment_day):
            changes[1:] |= column[1:] != column[:-1]
        first = np.flatnonzero(changes)
        key = (hospital[first], payer[first], remits.payment_day[first])
        next_day = self.draws.below("deposit", 2, *key)
        rate = fault_rate(self.parameters.faults, "duplicate_file", self.size)
        return Payments(
            hospital=key[0],
            payer=key[1],
            payment_day=key[2],
            era_day=remits.era_day[first],
            deposit_day=business_day(key[2] + next_day),
            amount=np.add.reduceat(remits.paid, first) if len(first) else remits.paid[:0],
            first_remit=first,
            remit_count=np.diff(first, append=len(hospital)),
            is_duplicated=self.draws.below("duplicate file", 1_000_000, *key) < rate,
        )

    # Identifiers. Both hospitals count from 1, so the same id means two things: by design.

    @cached_property
    def patient_ids(self) -> list[str]:
        return self.care.patients.ids()

    @cached_property
    def provider_ids(self) -> list[str]:
        return self.providers.ids()

    @cached_property
    def encounter_ids(self) -> list[str]:
        return self.care.encounters.ids()

    @cached_property
    def claim_ids(self) -> list[str]:
        """CLM01: 13 characters, so it survives payers that keep only 20."""
        claims = self.care.claims
        numbers = self.care.encounters.number[claims.encounter].tolist()
        return [f"CLM{n:08d}{p:02d}" for n, p in zip(numbers, claims.part.tolist(), strict=True)]

    @cached_property
    def charge_ids(self) -> list[str]:
        """TransactionID of each line's charge = REF*6R."""
        lines = self.care.lines
        numbers = self.care.encounters.number[lines.encounter].tolist()
        return [f"T{n:08d}{i:03d}" for n, i in zip(numbers, lines.number.tolist(), strict=True)]

    @cached_property
    def posting_ids(self) -> list[str]:
        """TransactionID of each payment and write-off."""
        posted, claims = self.story.transactions, self.care.claims
        numbers = self.care.encounters.number[claims.encounter[posted.claim]].tolist()
        places = (claims.part[posted.claim] * 100 + posted.sequence).tolist()
        return [f"T{n:08d}{i:03d}" for n, i in zip(numbers, places, strict=True)]

    def payer_claim_numbers(self, claim: Ints, attempt: Ints) -> list[str]:
        """The payer's number for one submission of a claim: REF*1K = CLP07, later REF*F8."""
        return [f"{n:011d}" for n in self._scramble(claim, attempt, 48_271_907).tolist()]

    def clearinghouse_numbers(self, claim: Ints, attempt: Ints) -> list[str]:
        """REF*D9: one per submission."""
        return [f"CH{n:011d}" for n in self._scramble(claim, attempt, 69_621_133).tolist()]

    def _scramble(self, claim: Ints, attempt: Ints, factor: int) -> Ints:
        claims = self.care.claims
        number = claims.hospital[claim] * 10**8
        number = number + self.care.encounters.number[claims.encounter[claim]]
        number = (number * 10 + claims.part[claim]) * 10 + attempt
        return number * factor % 10**11  # factor is coprime to ten: no two numbers meet

    @cached_property
    def trace_numbers(self) -> list[str]:
        """TRN02 of each payment."""
        ids, facilities = self.parameters.payers.ids, self.hospitals.facility_ids
        pays = self.payments
        return [
            f"EFT{ids[payer]}{facilities[hospital][-1]}{compact(day)}"
            for payer, hospital, day in zip(
                pays.payer.tolist(), pays.hospital.tolist(), pays.payment_day.tolist(), strict=True
            )
        ]

    @cached_property
    def remit_files(self) -> list[str]:
        """File of each payment, relative to `clearinghouse/`."""
        ids, systems = self.parameters.payers.ids, self.hospitals.source_systems
        pays = self.payments
        return [
            f"835/835_{systems[hospital]}_{ids[payer]}_{compact(day)}.edi"
            for payer, hospital, day in zip(
                pays.payer.tolist(), pays.hospital.tolist(), pays.era_day.tolist(), strict=True
            )
        ]

    @staticmethod
    def second_delivery(file: str) -> str:
        """Name under which a duplicated file comes again."""
        return file.removesuffix(".edi") + "_2.edi"
