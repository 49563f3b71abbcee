"""The folder of remittances that were entered from paper: files are added, and nothing in it is
ever altered or removed.

A file appears whole or not at all. It is named after its check, so that two people who enter the
same one at the same time meet: only one of them is stored, and the other is told.
"""

from __future__ import annotations

import hashlib
import os
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from rcm_platform.desk.paper.remittance import Remittance, RemittanceRefused
from rcm_platform.desk.paper.x12 import Written, control_number, read_back, rendered, reversed_file
from rcm_platform.settings import Settings

_SUFFIX = ".edi"


class EnteredBefore(Exception):  # noqa: N818 (reads as what happened)
    """The check was entered before; nothing was written now."""

    def __init__(self, before: Written) -> None:
        super().__init__(
            f"This check was entered already, by {before.entered_by} on "
            f"{before.entered_at:%Y-%m-%d at %H:%M} UTC: ${before.amount:,.2f} for "
            f"{counted(len(before.claim_ids))}. Yours is not stored. If it is truly another "
            "payment of that number, or another part of it, say so and save it again."
        )
        self.before = before


class FolderUnavailable(Exception):  # noqa: N818 (a state of the world)
    """The folder cannot be read or written now; nothing was stored. The message says what to do."""


@dataclass(frozen=True)
class Kept:
    """A remittance in the folder: its name there, as the figures have it, and what it says."""

    name: str
    written: Written


def keep(
    settings: Settings, one: Remittance, entry_id: str, *, is_another: bool = False
) -> tuple[Kept, bool]:
    """Write a remittance into the folder, and whether it is new there: an entry is written once,
    however often it is asked for.

    Raises EnteredBefore where its check is there already, unless it `is_another`,
    FolderUnavailable, RemittanceRefused.
    """
    data = rendered(one, entry_id)
    written = read_back(data)
    folder = settings.paper_remittances_dir / one.payee.stands_in_for
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            there = [*_of_check(settings, folder, _check(one))]
            for before in there:
                if before.written.control_number == written.control_number:
                    is_same = before.written.content == written.content
                    if not is_same or is_taken_back(before, there):
                        raise EnteredBefore(before.written)
                    return before, False
            if not is_another and (counted := [one for one in there if _counts(one, there)]):
                raise EnteredBefore(counted[-1].written)
            name = f"paper_{_check(one)}_{len(there) + 1}{_SUFFIX}"
            if _write(folder / name, data):
                return Kept(f"{folder.name}/{name}", written), True
            # somebody else was first: look again
    except OSError as problem:
        raise _unavailable(settings, problem) from problem


def take_back(
    settings: Settings,
    kept: Kept,
    entered_by: str,
    entered_at: datetime,
    arrival_date: date,
) -> Kept:
    """Write the remittance that takes an earlier one back; that stays as it is. Once is enough.

    Raises RemittanceRefused where it takes one back itself; FolderUnavailable.
    """
    if kept.written.is_reversal:
        raise RemittanceRefused(["It takes one back itself. Enter the remittance anew instead."])
    path = settings.paper_remittances_dir / kept.name
    check = path.stem.split("_")[1]
    try:
        data = reversed_file(
            path.read_bytes(), reversal_of(kept), entered_by, entered_at, arrival_date
        )
        written = read_back(data)
        while True:
            there = [*_of_check(settings, path.parent, check)]
            for before in there:
                if before.written.control_number == written.control_number:
                    return before
            name = f"paper_{check}_{len(there) + 1}{_SUFFIX}"
            if _write(path.with_name(name), data):
                return Kept(f"{path.parent.name}/{name}", written)
    except OSError as problem:
        raise _unavailable(settings, problem) from problem


def named(settings: Settings, name: str) -> Kept:
    """The remittance of a file, by its name in the folder. Raises LookupError."""
    for kept in latest(settings, sys.maxsize):
        if kept.name == name:
            return kept
    raise LookupError("No remittance that was entered here has this name.")


def is_taken_back(kept: Kept, among: Iterable[Kept]) -> bool:
    """Whether one of these takes it back."""
    return control_number(reversal_of(kept)) in {
        one.written.control_number for one in among if one.written.is_reversal
    }


def reversal_of(kept: Kept) -> str:
    """The entry that takes a remittance back: one, however often that is asked for."""
    return f"reversal of {kept.name}"


def latest(settings: Settings, limit: int) -> list[Kept]:
    """What was entered last, the latest first. Raises FolderUnavailable."""
    root = settings.paper_remittances_dir
    try:
        paths = sorted(root.glob(f"*/paper_*{_SUFFIX}"), key=_age)[:limit]
        found = [kept for path in paths if (kept := _kept(path))]
    except OSError as problem:
        raise _unavailable(settings, problem) from problem
    return sorted(found, key=lambda kept: kept.written.entered_at, reverse=True)


def _check(one: Remittance) -> str:
    """What a check is known by: who pays whom, and its number, however it is typed."""
    number = one.check_number.upper().replace(" ", "").replace("-", "").lstrip("0")
    parts = (one.payee.stands_in_for, one.payee.identifier or "", one.payer.payer_id, number)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _of_check(settings: Settings, folder: Path, check: str) -> Iterator[Kept]:
    """What is there of a check, in the order in which it came."""
    number = 1
    while (path := folder / f"paper_{check}_{number}{_SUFFIX}").exists():
        if (kept := _kept(path)) is None:
            raise FolderUnavailable(
                f"{path.name} in {settings.paper_remittances_dir} is not as the desk wrote it; "
                "nothing was stored. Bring it back from the last `rcm backup`."
            )
        yield kept
        number += 1


def _counts(one: Kept, there: Sequence[Kept]) -> bool:
    """Whether a remittance of a check was not taken back."""
    return not one.written.is_reversal and not is_taken_back(one, there)


def _kept(path: Path) -> Kept | None:
    try:
        written = read_back(path.read_bytes())
    except ValueError:
        return None  # somebody else's file: the load says what is wrong with it
    return Kept(f"{path.parent.name}/{path.name}", written)


def _age(path: Path) -> float:
    return -path.stat().st_mtime


def _write(path: Path, data: bytes) -> bool:
    """Whether the file is there now by us; False where one of this name is."""
    # a load leaves hidden files out
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return False
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


def _unavailable(settings: Settings, problem: OSError) -> FolderUnavailable:
    return FolderUnavailable(
        f"The remittances in {settings.paper_remittances_dir} cannot be read or written now "
        f"({problem.strerror or type(problem).__name__}); nothing was stored. Try again; if it "
        "stays so, see that the folder can be written and that the disk has room."
    )


def counted(claims: int) -> str:
    """How many claims, in words."""
    return "1 claim" if claims == 1 else f"{claims:,} claims"
