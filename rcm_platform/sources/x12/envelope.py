"""Judge the envelopes of a file that was cut: rules E1 and E13 (dates), E4, E5, E8, E9, E11, E15.

A fault is set on the smallest piece that must be held: transaction, group or interchange.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rcm_platform.sources.x12.splitter import Fault, Group, Interchange, Note, Transaction


@dataclass(frozen=True)
class Guide:
    """How one transaction set is recognised: GS01, ST01, and the guide that HIPAA names. Other
    corrections of it (A1, A2 or none) are read alike, and so are the `others`."""

    functional_id: str
    set_code: str
    guide: str
    others: tuple[str, ...] = ()

    def covers(self, guide: str) -> bool:
        """Whether a guide is this one, whatever its corrections."""
        return guide.startswith((self.guide[:_UNCORRECTED], *self.others))


# 005010X221A1 without its correction
_UNCORRECTED = 10
GUIDES = {
    # all that is read of a remittance stands where it did in version 4010
    "835": Guide("HP", "835", "005010X221A1", ("004010X091",)),
    "837P": Guide("HC", "837", "005010X222A1"),
    "837I": Guide("HC", "837", "005010X223A2"),
    "277CA": Guide("HN", "277", "005010X214"),
    "999": Guide("FA", "999", "005010X231A1"),
}
"""The transaction sets that are read, by the keys of `adapter.SETS`."""
# what often lies beside them, by GS01; of claims, by the guide
_OTHERS = {
    "HC": ("005010X224", "a dental claim (837D)"),
    "HB": ("", "an answer about eligibility (271)"),
    "HS": ("", "a question about eligibility (270)"),
    "HR": ("", "a question about the status of a claim (276)"),
    "HN": ("005010X212", "an answer about the status of a claim (277)"),
    "HI": ("", "an authorization (278)"),
    "BE": ("", "an enrolment (834)"),
    "RA": ("", "a payment of premiums (820)"),
}
_READ = "835, 837P, 837I, 277CA and 999 of version 5010, and the 835 of version 4010"


def set_name(group: Group) -> str | None:
    """The transaction set of a group, a key of `GUIDES`; None when we cannot read it.

    837P is told from 837I by the guide's number alone.
    """
    return _named(_element(group.header, 1), _element(group.header, 8))


def _named(functional_id: str, guide: str) -> str | None:
    for name, known in GUIDES.items():
        if functional_id == known.functional_id and known.covers(guide):
            return name
    return None


def judge(
    interchange: Interchange,
    accept_test: bool,
    partners: frozenset[str] = frozenset(),
    not_after: date = date.max,
    waived: str = "",
) -> None:
    """Set the faults of an interchange, its groups and its transactions; keeps earlier faults.

    `partners` are the only ids that may send and receive; without any, everyone may.
    `not_after` is the last day that an interchange may be dated; `waived` is a rule that does not
    hold it (E5, E9, E11).
    """
    if interchange.fault is None:
        accept_test |= waived == "E9"
        partners = frozenset() if waived == "E11" else partners
        interchange.fault = _interchange_fault(interchange, accept_test, partners, not_after)
    if interchange.fault is not None:
        return
    numbers: set[str] = set()
    for group in interchange.groups:
        number = _number(_element(group.header, 6))
        if number in numbers and waived != "E5":
            group.fault = Fault("E5", f"group control number GS06 {number} is repeated")
        else:
            group.fault = _group_fault(group, waived)
        numbers.add(number)
        for transaction in group.transactions:
            transaction.fault = _transaction_fault(group, transaction)
    if all(group.fault for group in interchange.groups):
        # nothing in it can be read: held whole, so that it can be replayed whole
        interchange.fault = interchange.groups[0].fault


def _interchange_fault(
    interchange: Interchange, accept_test: bool, partners: frozenset[str], not_after: date
) -> Fault | None:
    header, trailer = interchange.header, interchange.trailer
    if any("\n" in element or "\r" in element for element in header):
        return _torn("ISA")
    day = interchange.date
    if day is None:
        return Fault("E1", f"interchange date ISA09 {header[9]!r} is not a date (yymmdd)")
    # what this version does not read is said first: nobody needs to mend its envelope for us
    if interchange.groups and not any(map(set_name, interchange.groups)):
        return _unread(interchange.groups[0])
    if _number(_element(trailer, 2)) != _number(header[13]):
        found = _element(trailer, 2)
        return Fault("E4", f"IEA02 {found!r} is not the control number ISA13 {header[13]!r}")
    if _number(_element(trailer, 1)) != str(len(interchange.groups)):
        declared, count = _element(trailer, 1), len(interchange.groups)
        return Fault("E4", f"IEA01 declares {declared!r} groups, there are {count}")
    said, versions = header[12].strip(), _versions(interchange.groups)
    if versions and said not in versions:
        return Fault("E8", f"ISA12 says version {said!r}, GS08 {' and '.join(versions)}")
    if day > not_after:
        return Fault("E13", f"interchange date ISA09 says {day}, which is after it was received")
    if header[15].strip() == "T" and not accept_test:
        return Fault("E9", "marked as test (ISA15 = T); RCM_X12_ACCEPT_TEST=1 loads such files")
    if partners and (stranger := _stranger(interchange, partners)) is not None:
        return Fault("E11", f"{stranger} is no trading partner; RCM_X12_PARTNERS lists them")
    if not interchange.groups:
        return Fault("E8", "no group in it: an acknowledgement (TA1) is not read by this version")
    return None


def _stranger(interchange: Interchange, partners: frozenset[str]) -> str | None:
    """The first sender or receiver, of the interchange or a group in it, that is not listed."""
    named = [(f"ISA{position:02}", _element(interchange.header, position)) for position in (6, 8)]
    for group in interchange.groups:
        named += [(f"GS{position:02}", _element(group.header, position)) for position in (2, 3)]
    return next((f"{place} {name!r}" for place, name in named if name not in partners), None)


def _group_fault(group: Group, waived: str) -> Fault | None:
    name, guide = set_name(group), _element(group.header, 8)
    if name is None:
        return _unread(group)
    if guide != GUIDES[name].guide:
        like = f"read like {GUIDES[name].guide}, the version named by HIPAA"
        rule = f"P7: GS08 says {guide}: {like}"
        group.notes.append(Note(group.first_segment, "GuideVariant", rule, guide))
    count = len(group.transactions)
    if _is_torn(group.trailer):
        return _torn("GE")
    if _number(_element(group.trailer, 1)) != str(count):
        declared = _element(group.trailer, 1)
        return Fault("E4", f"GE01 declares {declared!r} transactions, there are {count}")
    if _number(_element(group.trailer, 2)) != _number(_element(group.header, 6)):
        pair = _element(group.trailer, 2), _element(group.header, 6)
        return Fault("E4", f"GE02 {pair[0]!r} is not the control number GS06 {pair[1]!r}")
    # of very many transactions, few headers differ in more than their number
    numbers: Counter[str] = Counter()
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], None] = {}
    for transaction in group.transactions:
        header = transaction.header
        numbers[header[2].strip() if len(header) > 2 else ""] += 1
        kinds[tuple(header[1:2]), tuple(header[3:4])] = None
    repeated = [number for number, times in numbers.items() if times > 1]
    if repeated and waived != "E5":
        return Fault("E5", f"transaction control number ST02 {repeated[0]!r} is repeated")
    for kind in kinds:
        code, convention = ("".join(element).strip() for element in kind)
        if _is_torn((code, convention)):
            return _torn("ST")
        is_known = convention in ("", guide) or GUIDES[name].covers(convention)
        if code != GUIDES[name].set_code or not is_known:
            what = f"ST01 {code!r}, ST03 {convention!r} in a group of GS08 {guide!r}"
            return Fault("E8", f"transaction set does not match its group: {what}")
        if convention not in ("", guide):
            rule = f"P7: ST03 says {convention}, GS08 {guide}: corrections of one guide, read alike"
            group.notes.append(Note(group.first_segment, "GuideVariant", rule, convention))
    return None


def _versions(groups: Iterable[Group]) -> list[str]:
    """The versions of the groups that can be read, as ISA12 says them: 00501 for 005010X221A1."""
    return sorted({_element(group.header, 8)[:5] for group in groups if set_name(group)})


def _unread(group: Group) -> Fault:
    functional_id, guide = _element(group.header, 1), _element(group.header, 8)
    if _is_torn(group.header):
        return _torn("GS")
    version = f" (version {guide[2:6]})" if guide[:6].isdigit() else ""
    what = f"GS01 {functional_id!r}, GS08 {guide!r}{version}"
    beginning, words = _OTHERS.get(functional_id, ("", ""))
    if words and guide.startswith(beginning):
        what += f", {words}"
    return Fault("E8", f"transaction set not read by this version: {what}; {_READ} are")


def _is_torn(elements: Iterable[str]) -> bool:
    return any("\n" in element or "\r" in element for element in map(str.strip, elements))


def _torn(segment: str) -> Fault:
    return Fault("E15", torn(segment))


def torn(segment: str) -> str:
    """Why a segment with line breaks within its data is held."""
    return (
        f"line breaks within the data, in {segment}: they do not stand at equal distances, so that "
        "nobody can tell whether they are part of it"
    )


def _transaction_fault(group: Group, transaction: Transaction) -> Fault | None:
    if transaction.trailer[1:3] == [str(transaction.segment_count), *transaction.header[2:3]]:
        return None  # as it nearly always is, to the letter
    if transaction.trailer[0] != "SE":
        what = "the next ST or GE comes before it"
        return Fault("E4", f"the SE of the transaction is missing: {what}")
    if _number(_element(transaction.trailer, 1)) != str(transaction.segment_count):
        declared, count = _element(transaction.trailer, 1), transaction.segment_count
        if (blank := group.transactions.blank_segments(transaction)) and _number(declared) == str(
            count - blank
        ):
            rule = "E10: segments that hold nothing; SE01 does not count them"
            group.notes.append(Note(transaction.first_segment, "BlankSegment", rule))
            return None
        return Fault("E4", f"SE01 declares {declared!r} segments, there are {count}")
    if _element(transaction.trailer, 2) != _element(transaction.header, 2):
        pair = _element(transaction.trailer, 2), _element(transaction.header, 2)
        return Fault("E4", f"SE02 {pair[0]!r} is not the control number ST02 {pair[1]!r}")
    return None


def _element(segment: list[str], position: int) -> str:
    return segment[position].strip() if position < len(segment) else ""


def _number(text: str) -> str:
    """A control number or count without its leading zeros; other text stays as it is."""
    stripped = text.strip()
    return stripped.lstrip("0") or "0" if stripped.isdigit() else stripped
