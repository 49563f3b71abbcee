"""Whether a load would bring anything: a lake in which it ends at its first new row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

import pyarrow as pa

from rcm_platform.lake.batch import Batch
from rcm_platform.lake.store import Lake


class FoundNew(Exception):  # noqa: N818 (reads as what happened)
    """A load would have landed rows."""


class LakeToLook(Lake):
    """A lake to read, to which no row is added."""

    @contextmanager
    def batch(self, source: str, content_hashes: Iterable[str]) -> Iterator[Batch]:
        """A batch that raises FoundNew instead of taking rows."""
        yield _BatchToLook(self.root, source, "", self.declared)


class _BatchToLook(Batch):
    def add(self, source: str, table: str, arrival_date: date | None, rows: pa.Table) -> None:
        if rows.num_rows:
            raise FoundNew
