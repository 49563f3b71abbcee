"""Who pays and who is paid, as an 835 names them: at times without an identifier (M17, M18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rcm_platform.world.support.rng import Flags

if TYPE_CHECKING:
    from rcm_platform.world.feeds.x12.lookup import Lookup
    from rcm_platform.world.model import World


def is_payee_by_tax_id(world: World) -> Flags:
    """Planted, per payment: its payee is named by tax identifier alone."""
    pays = world.payments
    key = pays.hospital, pays.payer, pays.payment_day
    return world.faults.planted("payee_by_tax_id", world.draws, *key)


def is_payer_by_name(world: World) -> Flags:
    """Planted, per payment: its payer is named by no identifier, and in some spelling of its name.

    Never of a payer that merges: nobody could tell which of its two numbers is meant.
    """
    pays = world.payments
    merges = np.array([number != "" for number in world.parameters.payers.table.text("merged_id")])
    key = pays.hospital, pays.payer, pays.payment_day
    return world.faults.planted("payer_by_name", world.draws, *key) & ~merges[pays.payer]


class Parties:
    """The payer and the payee of any payment."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._by_name = is_payer_by_name(lookup.world)
        self._by_tax_id = is_payee_by_tax_id(lookup.world)

    def payer(self, row: int, code: str) -> str:
        """N1*PR of one payment; `code` is the number of the payer on its day."""
        pays = self._lookup.world.payments
        name = self._lookup.payer_names[int(pays.payer[row])]
        if not self._by_name[row]:
            return f"N1*PR*{name}*XV*{code}"
        # two spellings, on one payday and the next: the first is its name but for punctuation
        is_odd = int(pays.payment_day[row]) // 7 % 2
        return f"N1*PR*{name} GROUP" if is_odd else f"N1*PR*{name.replace(' ', '-')}"

    def payee_id(self, row: int) -> str:
        """What names the payee of a payment, also in its provider adjustments."""
        where = int(self._lookup.world.payments.hospital[row])
        if self._by_tax_id[row]:
            return self._lookup.world.hospitals.tins[where]
        return self._lookup.npis[where]

    def payee(self, row: int) -> list[str]:
        """N1*PE of one payment, its address and, beside an NPI, its tax identifier."""
        where = int(self._lookup.world.payments.hospital[row])
        name, address = self._lookup.hospital_names[where], self._lookup.facility_addresses[where]
        qualifier = "FI" if self._by_tax_id[row] else "XX"
        segments = [f"N1*PE*{name}*{qualifier}*{self.payee_id(row)}", address]
        if not self._by_tax_id[row]:
            segments.append(f"REF*TJ*{self._lookup.world.hospitals.tins[where]}")
        return segments
