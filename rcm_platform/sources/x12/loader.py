"""A folder of X12 files → the lake, in batches that are loaded whole or not at all."""

from __future__ import annotations

import gc
import mmap
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc

from rcm_platform.lake import UNDATED, Lake
from rcm_platform.sources.base import (
    LoadSummary,
    Progress,
    QuarantineItem,
    ReceivedFile,
    SourceUnavailable,
    declare,
    write_platform_rows,
)
from rcm_platform.sources.x12.envelope import judge
from rcm_platform.sources.x12.reader import Digests, Reader
from rcm_platform.sources.x12.splitter import Buffer, first_date, split
from rcm_platform.sources.x12.tables import TABLES
from rcm_platform.sources.x12.wrapping import unwrapped

_SOURCE = "x12"
# a batch ends at the first of these: bounds memory, and the work that a kill can cost
_BATCH_FILES = 600
_BATCH_BYTES = 64_000_000
# what is read of a file to learn its date: enough for a byte order mark, blanks and an ISA
_HEAD_BYTES = 512
# larger files are mapped, not read into memory
_MAPPED_BYTES = 8_000_000
# below it, a second thread costs more than it brings
_ALONE_BYTES = 16_000_000
# each thread holds a chunk of the reader: bounds memory on machines with many cores
_MOST_THREADS = 2

_Opened = tuple[str, Buffer, Digests]


def load_folder(
    lake: Lake,
    folder: Path,
    source_system: str,
    accept_test: bool = False,
    progress: Progress = None,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
    leave_out: Path | None = None,
) -> LoadSummary:
    """Load every file below `folder` that was not received before, in order of interchange date.

    Hidden files and folders are left out, and so is the folder `leave_out`; every other file is
    loaded or held with a reason.
    Each batch is committed whole, so that a load that was killed goes on where it stopped.
    `accept_test` also loads interchanges marked as test; `partners` are the only ids that may send
    and receive (without any, everyone may); `not_after` is the last day that an interchange may be
    dated (E13). What was held for one of these three reasons is loaded once it may.

    Raises SourceUnavailable when the folder does not exist or cannot be listed; never because of
    what a file holds.
    """
    declare(lake, _SOURCE, TABLES)
    contents, names = lake.received_hashes(), lake.received_names()
    contents -= _admitted_since(lake, accept_test, partners, not_after)
    interchanges = _loaded_interchanges(lake)
    summary, held = LoadSummary(source_system), list[QuarantineItem]()
    paths = _by_date(files_below(folder, leave_out))
    done = 0
    for batch in batches(paths):
        fresh: list[_Opened] = []
        repeated: list[ReceivedFile] = []
        for path in batch:
            name, data = path.relative_to(folder).as_posix(), _content(path, summary)
            if data is None:
                continue
            digests = Digests.of(data)
            sha256 = digests.whole
            if sha256 not in contents:
                contents.add(sha256)
                fresh.append((name, data, digests))
            else:
                summary.files_skipped += 1
                if (source_system, name, sha256) not in names:
                    repeated.append(_duplicate(source_system, name, data, sha256, not_after))
            names.add((source_system, name, sha256))
        done += len(batch)
        if fresh or repeated:
            threads = _threads(fresh)
            reader = Reader(source_system, accept_test, interchanges, threads, partners, not_after)
            with _without_collector():
                summary = summary.merge(_write(lake, reader, fresh, repeated))
            held += [replace(item, content=b"") for item in reader.quarantine]
        if progress:
            progress(done, len(paths), source_system)
    summary.messages += _messages(held)
    return summary


@contextmanager
def _without_collector() -> Iterator[None]:
    """Leave Python's search for cycles until a batch is written: there are none among its many
    small objects, and to look for them again and again takes 3 % of the time."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


def files_below(folder: Path, leave_out: Path | None = None) -> list[Path]:
    """Every file below a folder that is not hidden nor in `leave_out`, and each folder in it that
    cannot be looked into: whoever opens that is told why. Raises SourceUnavailable where it is the
    folder itself."""
    found: list[Path] = []

    def closed(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise error
        found.append(Path(error.filename))

    try:
        for top, folders, names in os.walk(folder, onerror=closed):
            folders[:] = [
                name for name in folders if name[0] != "." and Path(top, name) != leave_out
            ]
            paths = (Path(top, name) for name in names if not name.startswith("."))
            found += filter(Path.is_file, paths)
    except NotADirectoryError as error:
        to_do = "It is a file: name the folder that it lies in."
        raise SourceUnavailable("X12 folder cannot be read", str(folder), to_do) from error
    except OSError as error:
        raise SourceUnavailable(
            "X12 folder cannot be read", str(folder), "Check the path and its permissions."
        ) from error
    return found


def _by_date(paths: Iterable[Path]) -> list[Path]:
    """Oldest interchange first, then by name: fewer partitions in a batch, and a file that comes
    twice counts as loaded on its first date."""
    return sorted(paths, key=lambda path: (_date_of(path), path.as_posix()))


def _date_of(path: Path) -> date:
    try:
        with path.open("rb") as file:
            return first_date(file.read(_HEAD_BYTES)) or date.max
    except OSError:
        return date.max


def batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Files that are read together: few enough for memory, and for what a kill can cost."""
    batch: list[Path] = []
    size = 0
    for path in paths:
        if len(batch) >= _BATCH_FILES or (batch and size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += _size(path)
    if batch:
        yield batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _content(path: Path, summary: LoadSummary) -> Buffer | None:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size <= _MAPPED_BYTES:
                return file.read()
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        summary.messages.append(f"{path.name} cannot be opened ({reason}): left for the next load")
        return None


def _threads(files: Iterable[_Opened]) -> int:
    """How many threads read these files: one for a small load, or for a single file, which costs
    a tenth more CPU when it is read by two."""
    sizes = [len(data) for _, data, _ in files]
    if sum(sizes) <= _ALONE_BYTES:
        return 1
    return min(_MOST_THREADS, _processors(), len(sizes))


def _processors() -> int:
    """How many processors this process may use, as far as its system says."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _duplicate(
    source_system: str, name: str, data: Buffer, sha256: str, not_after: date
) -> ReceivedFile:
    day = first_date(data)
    return ReceivedFile(
        source_system=source_system,
        source_file=name,
        content_sha256=sha256,
        byte_count=len(data),
        loaded_byte_count=0,
        quarantined_byte_count=0,
        duplicate_byte_count=len(data),
        padding_byte_count=0,
        status="duplicate",
        row_count=0,
        dollar_amount=None,
        arrival_date=day if day and day <= not_after else UNDATED,
    )


def _loaded_interchanges(lake: Lake) -> set[str]:
    rows = lake.query(
        f"select distinct interchange_sha256 from {lake.scan(_SOURCE, 'interchanges')}"
    )
    return {sha256 for (sha256,) in rows}


def _admitted_since(
    lake: Lake, accept_test: bool, partners: frozenset[str], not_after: date
) -> set[str]:
    """Files with an interchange that was held only because it is marked as test (E9), is between
    strangers (E11) or was dated ahead (E13), and that may be loaded today."""
    rows = lake.query(
        f"""
        select content_sha256, content from {lake.scan("platform", "quarantine")}
        where rule_id in ('E9', 'E11', 'E13') and sha256(content) not in (
            select interchange_sha256 from {lake.scan(_SOURCE, "interchanges")}
        )
        """
    )
    return {
        sha256
        for sha256, content in rows
        if _is_admitted(bytes(content), accept_test, partners, not_after)
    }


def _is_admitted(
    content: bytes, accept_test: bool, partners: frozenset[str], not_after: date
) -> bool:
    """Whether a held interchange may be loaded; one is enough where a piece has several."""
    interchanges = split(unwrapped(content)).interchanges
    for interchange in interchanges:
        judge(interchange, accept_test, partners, not_after)
    return any(interchange.fault is None for interchange in interchanges)


def _write(
    lake: Lake, reader: Reader, fresh: list[_Opened], repeated: list[ReceivedFile]
) -> LoadSummary:
    """Read files into a batch of their own, as rows come; what the batch holds."""
    # the name is part of it: a copy under another name must not make the batch of its original
    identity = [f"{digests.whole} {name}" for name, _, digests in fresh]
    identity += [f"{file.content_sha256} {file.source_file}" for file in repeated]
    rows = Counter(dict.fromkeys(TABLES, 0))
    dollars = dict.fromkeys(_DOLLARS, Decimal(0))
    with lake.batch(_SOURCE, identity) as batch:
        for tables in reader.read(fresh):
            for table, found in tables.items():
                batch.add(_SOURCE, table, None, found)
                rows[table] += len(found)
            for name, (table, column) in _DOLLARS.items():
                if table in tables:
                    dollars[name] += pc.sum(tables[table][column]).as_py() or Decimal(0)
        write_platform_rows(batch, [*reader.received, *repeated], reader.quarantine)
    return _summary(reader, repeated, dict(rows), dollars)


# dollars of a load: what they are called, and where they stand
_DOLLARS = {
    "paid by 835": ("remit_payments", "payment_amount"),
    "charged by 837": ("submitted_claims", "charge_amount"),
}


def _summary(
    reader: Reader,
    repeated: list[ReceivedFile],
    rows: dict[str, int],
    dollars: dict[str, Decimal],
) -> LoadSummary:
    received = [*reader.received, *repeated]
    statuses = [file.status for file in received]
    return LoadSummary(
        reader.source_system,
        files_loaded=statuses.count("loaded") + statuses.count("partial"),
        files_quarantined=statuses.count("quarantined"),
        rows=rows,
        byte_count=sum(file.byte_count for file in received),
        dollar_amounts=dollars,
        quarantined_count=len(reader.quarantine),
        quarantined_amount=sum(
            (item.dollar_amount or Decimal(0) for item in reader.quarantine), Decimal(0)
        ),
    )


def _messages(quarantine: list[QuarantineItem]) -> list[str]:
    """One line for all pieces larger than a claim that are held alike, and one for all claims."""
    alike: dict[tuple[str, str, str], list[QuarantineItem]] = {}
    for item in quarantine:
        if item.level != "claim":
            alike.setdefault((item.level, item.rule_id, item.reason), []).append(item)
    messages = []
    for (level, rule_id, reason), pieces in alike.items():
        first = f"{pieces[0].source_file} at {pieces[0].source_position}"
        if len(pieces) == 1:
            messages.append(f"{first}: {level} held ({rule_id}): {reason}")
        else:
            count = f"{len(pieces)} {level}s of {len({p.source_file for p in pieces})} files"
            messages.append(f"{count} held ({rule_id}): {reason}. The first is {first}")
    claims = [item for item in quarantine if item.level == "claim"]
    if claims:
        files = {item.source_file for item in claims}
        rules = ", ".join(sorted({item.rule_id for item in claims}))
        messages.append(
            f"{len(claims)} claims of {len(files)} files held ({rules}), the first in "
            f"{claims[0].source_file} at {claims[0].source_position}. "
            "`rcm quarantine list` shows each with its reason"
        )
    return messages
