"""Which faults are planted, how often, and what is expected of whoever reads them.

`parameters/faults.csv` lists every fault with the rule that must find it, the action that is right
(correct, quarantine, bucket or block), its rate per million of its unit, and its window: the days
after which an absence can be told from a delay. `RCM_WORLD_FAULTS` changes rates by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rcm_platform.world.support.parameters import ParameterError, Table
from rcm_platform.world.support.rng import Draws, Flags

MILLION = 1_000_000


@dataclass(frozen=True)
class FaultRates:
    """The rates of one world. `None` leaves a fault to the parameter that its description names."""

    table: Table
    rates: Mapping[str, int | None]

    @classmethod
    def of(cls, table: Table, text: str = "") -> FaultRates:
        """The table's rates, changed by `text`: `none`, `default` or `name=rate` joined by commas.

        A rate is per million of the fault's unit. `none` first switches off every fault, so
        `none,missing_999=20000` plants that one alone. Raises ParameterError naming what is wrong.
        """
        names = table.text("fault_type")
        defaults = table.ints_or_none("rate_per_million", 0, MILLION)
        rates = dict(zip(names, defaults, strict=True))
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if part == "none":
                rates = dict.fromkeys(names, 0)
            elif part == "default":
                rates = dict(zip(names, defaults, strict=True))
            elif name not in rates or not equals:
                raise ParameterError(
                    f"RCM_WORLD_FAULTS: {part!r} is not `none`, `default` or `name=rate` with one "
                    f"of the names {', '.join(names)}"
                )
            elif not value.isdecimal() or int(value) > MILLION:
                raise ParameterError(
                    f"RCM_WORLD_FAULTS: {name} = {value!r} is outside 0..{MILLION}"
                )
            else:
                rates[name] = int(value)
        return cls(table, rates)

    def per_million(self, fault_type: str) -> int | None:
        """The rate of a fault; None when it follows another parameter."""
        return self.rates[fault_type]

    def planted(self, fault_type: str, draws: Draws, *keys: npt.ArrayLike) -> Flags:
        """True for the entities (by their keys) on which the fault is planted."""
        rate = self.rates[fault_type] or 0
        return draws.below(f"fault {fault_type}", MILLION, *keys) < rate

    def either(
        self, fault_type: str, otherwise: Flags, draws: Draws, *keys: npt.ArrayLike
    ) -> Flags:
        """`planted` when a rate is set for the fault, else `otherwise`."""
        if self.rates[fault_type] is None:
            return otherwise
        return np.asarray(self.planted(fault_type, draws, *keys))

    def __str__(self) -> str:
        """The rates as text that `of` reads back, for the world's manifest."""
        return ",".join(f"{n}={r}" for n, r in sorted(self.rates.items()) if r is not None)
