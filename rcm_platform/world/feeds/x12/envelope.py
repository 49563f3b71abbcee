"""The envelope of every file: one interchange with one group, and how amounts are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rcm_platform.world.support.dates import compact, to_day

CLEARINGHOUSE = "CLEARWAY"
#: Between two segments. Line ends make the files readable and are no part of the data.
END = "~\n"

_CONTROL_EPOCH = to_day(date(2000, 1, 1))


@dataclass(frozen=True)
class Kind:
    """A kind of file: its folder, transaction set, functional group, version, control digit."""

    folder: str
    set: str
    group: str
    version: str
    digit: int


PROFESSIONAL = Kind("837p", "837", "HC", "005010X222A1", 1)
STATUS = Kind("277ca", "277", "HN", "005010X214", 2)
REMITTANCE = Kind("835", "835", "HP", "005010X221A1", 3)
INSTITUTIONAL = Kind("837i", "837", "HC", "005010X223A2", 4)
RECEIPT_P = Kind("999", "999", "FA", "005010X231A1", 5)
RECEIPT_I = Kind("999", "999", "FA", "005010X231A1", 6)
#: A remittance that comes again under another control number.
RENUMBERED = Kind("835", "835", "HP", "005010X221A1", 7)

#: In the order of identifiers.FORMS.
CLAIM_KINDS = (PROFESSIONAL, INSTITUTIONAL)
RECEIPT_KINDS = (RECEIPT_P, RECEIPT_I)

FOLDERS = ("837p", "837i", "999", "277ca", "835")


@lru_cache(maxsize=1 << 18)
def dollars(cents: int) -> str:
    """X12 decimal: no trailing decimals on whole dollars."""
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    whole, part = divmod(cents, 100)
    return f"{sign}{whole}.{part:02d}" if part else f"{sign}{whole}"


def control_number(kind: Kind, hospital: int, day: int, payer: int = 99) -> int:
    """ISA13 = GS06: a function of what the file is, so it is unique and never changes.

    `day` is one that only one file of this kind, hospital and payer has: of an 837 and its 999 the
    sending day, of a 277CA the answer day, of an 835 the payment day.
    """
    return (day - _CONTROL_EPOCH) * 10_000 + kind.digit * 1000 + hospital * 100 + payer


def interchange(
    kind: Kind, sets: Iterable[str], *, sender: str, receiver: str, day: int, control: int
) -> bytes:
    """One ISA..IEA. `sets` are the segments of each transaction, joined by END, without ST and SE.

    `day` is the day on which the file arrives.
    """
    on = compact(day)
    out = [
        f"ISA*00*{'':10}*00*{'':10}*ZZ*{sender:<15}*ZZ*{receiver:<15}*{on[2:]}*0600*^*00501"
        f"*{control:09d}*0*P*:",
        f"GS*{kind.group}*{sender}*{receiver}*{on}*0600*{control}*X*{kind.version}",
    ]
    # In an 835 the version is not repeated in ST03.
    version = "" if kind.set == "835" else f"*{kind.version}"
    count = 0
    for count, segments in enumerate(sets, start=1):
        out += [
            f"ST*{kind.set}*{count:04d}{version}",
            segments,
            f"SE*{segments.count('~') + 3}*{count:04d}",
        ]
    out += [f"GE*{count}*{control}", f"IEA*1*{control:09d}", ""]
    return END.join(out).encode("ascii")
