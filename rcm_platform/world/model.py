"""The whole world in memory: what happened, with the identifiers that every writer shares.

Writers (databases, X12, CSV) and the truth read this one object and none reads another's output.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property

from rcm_platform.world.happened.claims import history
from rcm_platform.world.happened.contracts import Contracts, contracts
from rcm_platform.world.happened.encounters import Care, care
from rcm_platform.world.happened.history import History, Payments
from rcm_platform.world.happened.people import Hospitals, Providers, hospitals, providers
from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.faults import FaultRates
from rcm_platform.world.support.parameters import Parameters
from rcm_platform.world.support.rng import Draws, Flags


class World:
    """One world. Building it costs about a second per 100,000 claims; writing it is separate.

    `faults` changes the rates of `parameters/faults.csv`, in the form of `FaultRates.of`.
    """

    def __init__(
        self, *, seed: int, size: str, start: date, through: date, faults: str = ""
    ) -> None:
        self.seed, self.size, self.start, self.through = seed, size, start, through
        self.start_day, self.through_day = to_day(start), to_day(through)
        self.parameters = Parameters()
        self.faults = FaultRates.of(self.parameters.faults, faults)
        self.draws = Draws(seed)
        self.contracts: Contracts = contracts(self.parameters, self.draws)
        self.hospitals: Hospitals = hospitals(self.parameters, self.draws)
        self.providers: Providers = providers(self.parameters, self.draws, size)
        self.care: Care = care(
            self.parameters,
            self.draws,
            self.faults,
            self.providers,
            size,
            self.start_day,
            self.through_day,
        )
        self.history: History = history(
            self.parameters, self.draws, self.faults, self.care, self.contracts
        )

    @property
    def payments(self) -> Payments:
        return self.history.payments

    @cached_property
    def _mergers(self) -> dict[int, tuple[int, str]]:
        """Payer → (first day, second id) of each payer that merges."""
        table = self.parameters.payers.table
        offsets = table.ints("merger_day_offset", 0, 3660).tolist()
        rate = self.faults.per_million("payer_merger")
        return {
            payer: (self.start_day + offsets[payer], merged)
            for payer, merged in enumerate(table.text("merged_id"))
            if merged and rate
        }

    def payer_code(self, payer: int, day: int) -> str:
        """The payer's number on a day: a payer that has merged sends and gets under its new one."""
        first_day, merged = self._mergers.get(payer, (0, ""))
        if merged and day >= first_day:
            return merged
        return self.parameters.payers.ids[payer]

    @cached_property
    def shifted_encounters(self) -> Flags:
        """Planted: encounters of the later hospitals that are stamped with the next day."""
        visits = self.care.encounters
        planted = self.faults.planted("timezone_day_shift", self.draws, visits.key)
        return planted & (visits.hospital > 0)
