"""A quantity that must be the same at each place: a line of the proof."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class ProofLine:
    """One quantity of one source at each place where it must be the same.

    `figures` maps place (raw, ledger, mart, ...) → amount; `unit` is dollars, wRVU, rows or bytes.
    """

    subject: str
    scope: str
    unit: str
    figures: dict[str, Decimal]

    @property
    def passed(self) -> bool:
        return len(set(self.figures.values())) <= 1

    @property
    def amount(self) -> Decimal:
        """The amount at the source."""
        return next(iter(self.figures.values()))

    @property
    def unexplained(self) -> Decimal:
        """The largest difference between two places."""
        return max(self.figures.values()) - min(self.figures.values())
