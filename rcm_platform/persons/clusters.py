"""From scored pairs to persons: which links hold, and which record is whose.

Persons are the connected components of links, with one guard: links are taken in order of weight,
and one is refused when it would put two records into one person that contradict each other or that
a human separated. So a record in the middle stays with the one that it fits best, and a chain never
joins twins. The order is total (weight, then keys), so the outcome does not depend on when pairs
were found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

Pair = tuple[int, int]
"""Two record ids, the smaller first."""


class Clusters:
    """Disjoint sets of records, some of which must stay apart."""

    def __init__(self, apart: Iterable[Pair] = ()) -> None:
        self._members: dict[int, set[int]] = {}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for left, right in apart:
            self._apart[left].add(right)
            self._apart[right].add(left)

    def of(self, record: int) -> set[int]:
        """The records that are one person with this one, itself included."""
        return self._members.get(record, {record})

    def join(self, left: int, right: int, *, forced: bool = False) -> bool:
        """Make two records one person; False, and nothing done, when that joins what is apart.

        What is `forced` is joined all the same.
        """
        if right in self.of(left):
            return True
        small, large = sorted((self.of(left), self.of(right)), key=len)
        if not forced and any(
            not large.isdisjoint(self._apart.get(record, ())) for record in small
        ):
            return False
        whole = large | small
        for record in whole:
            self._members[record] = whole
        return True

    def sets(self) -> list[set[int]]:
        """All sets of two records or more, by their smallest record."""
        return [
            members for record, members in sorted(self._members.items()) if record == min(members)
        ]
