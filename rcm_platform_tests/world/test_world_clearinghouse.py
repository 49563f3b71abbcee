"""The X12 files are valid by their own rules, by pyx12's, and against the databases."""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from plain_x12 import Remit, Segment, read_835, segments
from tiny_world import Query

GROUPS = {
    "837": ("HC", "005010X222A1"),
    "277ca": ("HN", "005010X214"),
    "835": ("HP", "005010X221A1"),
}


@pytest.fixture(scope="module")
def parsed(world: Path) -> dict[Path, list[Segment]]:
    return {p: segments(p) for p in sorted((world / "clearinghouse").rglob("*.edi"))}


@pytest.fixture(scope="module")
def remits(world: Path) -> dict[str, Remit]:
    files = sorted((world / "clearinghouse" / "835").glob("*.edi"))
    return {f"835/{p.name}": read_835(p) for p in files}


def test_envelopes(parsed: dict[Path, list[Segment]]) -> None:
    for path, parts in parsed.items():
        first = path.read_bytes()[:106]
        assert first[105:106] == b"~" and first[:3] == b"ISA", path.name
        by_name = defaultdict(list)
        for part in parts:
            by_name[part[0]].append(part)
        [isa], [gs], [ge], [iea] = (by_name[name] for name in ("ISA", "GS", "GE", "IEA"))
        assert isa[15] == "P"
        assert (gs[1], gs[8]) == GROUPS[path.parent.name]
        assert gs[6] == ge[2] and isa[13] == iea[2] and iea[1] == "1"
        assert int(ge[1]) == len(by_name["ST"]) == len(by_name["SE"])
        starts = [i for i, part in enumerate(parts) if part[0] == "ST"]
        ends = [i for i, part in enumerate(parts) if part[0] == "SE"]
        for start, end in zip(starts, ends, strict=True):
            assert int(parts[end][1]) == end - start + 1
            assert parts[end][2] == parts[start][2]
        assert f"20{isa[9]}" in path.name


def test_control_numbers_are_unique_but_for_second_deliveries(
    parsed: dict[Path, list[Segment]],
) -> None:
    numbers = Counter(parts[0][13] for p, parts in parsed.items() if not p.stem.endswith("_2"))
    assert set(numbers.values()) == {1}


def test_one_837_and_one_277ca_per_hospital_and_business_day(
    parsed: dict[Path, list[Segment]],
) -> None:
    for path in parsed:
        if path.parent.name != "835":
            assert date.fromisoformat(path.stem.split("_")[-1]).weekday() < 5


def oracle_errors(data: str) -> list[str]:
    """What pyx12 finds wrong: the error segments of its acknowledgement."""
    pyx12_document = pytest.importorskip("pyx12.x12n_document")
    from pyx12.params import params

    logging.disable(logging.CRITICAL)
    answer = io.StringIO()
    try:
        accepted = pyx12_document.x12n_document(params(), io.StringIO(data), answer, None, None)
    finally:
        logging.disable(logging.NOTSET)
    wrong = ("IK3", "IK4", "IK5*R", "AK9*R")
    found = [s.strip() for s in answer.getvalue().split("~") if s.strip().startswith(wrong)]
    return found if found or accepted else ["not accepted"]


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        ("837", ["CLM*", "REF*F8*", "REF*G1*", "DTP*435*", ":26*", "SBR*P*18*******WC"]),
        ("277ca", ["*WQ*", "*U*", "HL*5*3*PT"]),
        ("835", ["MOA*", "BPR*H*", "CAS*PI*", "CAS*PR*27*", "**253*", "LQ*HE*", "**1~\nDTM*472"]),
    ],
)
def test_pyx12_accepts_every_shape_of_file(kind: str, shapes: list[str], world: Path) -> None:
    texts = [p.read_text() for p in sorted((world / "clearinghouse" / kind).glob("*.edi"))]
    chosen = {max(texts, key=len)}
    for shape in shapes:
        chosen.add(next(text for text in texts if shape in text))
    for text in chosen:
        assert oracle_errors(text) == [], text


def test_the_oracle_can_say_no(parsed: dict[Path, list[Segment]]) -> None:
    path = next(p for p in parsed if p.parent.name == "835")
    assert oracle_errors(path.read_text().replace("*XX*", "*QQ*"))


def test_remittances_balance_but_for_the_planted_claims(
    remits: dict[str, Remit], query: Query
) -> None:
    planted = set(
        query(
            "select source_file, claim_id from knowable.faults "
            "where fault_type = 'unbalanced_claim'"
        )
    )
    assert planted
    found = set()
    for file, remit in remits.items():
        assert remit.amount == sum(claim.paid for claim in remit.claims)
        for claim in remit.claims:
            if not claim.is_balanced:
                found.add((file, claim.claim_id))
                continue
            shares = [a for _, group, _, a in claim.all_adjustments if group == "PR"]
            assert claim.patient == sum(shares, Decimal(0))
            if claim.lines:
                assert claim.charge == sum(line.charge for line in claim.lines)
    assert {f for f in found if not f[0].endswith("_2.edi")} == planted


def test_no_contractual_adjustment_takes_the_whole_charge(remits: dict[str, Remit]) -> None:
    for remit in remits.values():
        for claim in remit.claims:
            for line in claim.lines:
                assert ("CO", "45", line.charge) not in line.adjustments


def test_second_deliveries_are_byte_identical_and_recorded(world: Path, query: Query) -> None:
    files = {p.name for p in (world / "clearinghouse" / "835").glob("*_2.edi")}
    planted = query(
        "select source_file, amount from knowable.faults where fault_type = 'duplicate_file'"
    )
    assert files == {name.removeprefix("835/") for name, _ in planted} != set()
    for name, amount in planted:
        second = world / "clearinghouse" / name
        first = second.with_name(second.name.replace("_2.edi", ".edi"))
        assert first.read_bytes() == second.read_bytes()
        assert read_835(first).amount == amount


def test_traces_are_unique_and_the_bank_echoes_them(world: Path, remits: dict[str, Remit]) -> None:
    first = {f: r for f, r in remits.items() if not f.endswith("_2.edi")}
    assert len({r.trace for r in first.values()}) == len(first)
    paid = {r.trace: (r.amount, r.paid_on) for r in first.values() if r.amount}
    latest = max(r.paid_on for r in first.values())
    banked = {}
    for path in (world / "treasury").glob("bank_deposits_*.csv"):
        for row in csv.DictReader(path.open()):
            assert row["deposit_date"].replace("-", "") == path.stem.split("_")[-1]
            banked[row["trace_number"]] = (Decimal(row["amount"]), row["deposit_date"])
    for trace, (amount, day) in banked.items():
        if trace in paid:
            assert paid[trace][0] == amount
            assert paid[trace][1] <= day.replace("-", "")
    missing = {day for trace, (_, day) in paid.items() if trace not in banked}
    assert all(day >= str(int(latest) - 4) for day in missing)


def test_claims_travel_under_their_account_numbers(
    parsed: dict[Path, list[Segment]], remits: dict[str, Remit], world: Path
) -> None:
    """837 CLM01 = 277CA TRN02 = 835 CLP01; 277CA REF*1K = 835 CLP07 = later REF*F8."""
    sent: set[tuple[str, str]] = set()
    replaced: dict[tuple[str, str], str] = {}
    accepted: dict[tuple[str, str], set[str]] = defaultdict(set)
    acked: set[tuple[str, str]] = set()
    npis = {}
    for path, parts in parsed.items():
        hospital = path.name.split("hospital_")[1][0]
        claim = ("", "")
        for part in parts:
            if part[0] == "NM1" and part[1] == "85":
                npis[part[9]] = hospital
            if path.parent.name == "837":
                if part[0] == "CLM":
                    claim = (hospital, part[1])
                    sent.add(claim)
                if part[:2] == ["REF", "F8"]:
                    replaced[claim] = part[2]
            elif path.parent.name == "277ca":
                if part[:2] == ["TRN", "2"]:
                    claim = (hospital, part[2])
                    acked.add(claim)
                if part[:2] == ["REF", "1K"]:
                    accepted[claim].add(part[2])
    acked = {claim for claim in acked if claim[1].startswith("CLM")}
    assert acked <= sent
    assert replaced
    for remit in remits.values():
        for answer in remit.claims:
            claim = (npis[remit.npi], answer.claim_id)
            assert claim in sent
            assert answer.payer_number in accepted[claim]
    for claim, number in replaced.items():
        assert number in accepted[claim]
    with (world / "operations" / "facilities.csv").open() as file:
        assert {row["npi"] for row in csv.DictReader(file)} == set(npis)


def test_277ca_totals_equal_their_claims(parsed: dict[Path, list[Segment]]) -> None:
    rejected = 0
    for path, parts in parsed.items():
        if path.parent.name != "277ca":
            continue
        claims: dict[str, Decimal] = defaultdict(Decimal)
        told: dict[str, Decimal] = defaultdict(Decimal)
        for part in parts:
            if part[0] == "STC" and part[1].split(":")[0] != "A1":
                claims["YU" if part[3] == "WQ" else "YY"] += Decimal(part[4])
                rejected += part[3] == "U"
            if part[0] == "AMT":
                told[part[1]] += Decimal(part[2]) / 2  # told at two levels
        assert claims == told, path.name
    assert rejected > 3


def test_charges_equal_the_database(parsed: dict[Path, list[Segment]], query: Query) -> None:
    charges = {
        (system[-1], *key): amount
        for system in ("hospital_a", "hospital_b")
        for *key, amount in query(
            f"select ClaimID, TransactionID, Amount from {system}.transactions "
            "where AmountType = 'Charge'"
        )
    }
    for path, parts in parsed.items():
        if path.parent.name != "837":
            continue
        hospital = path.name.split("hospital_")[1][0]
        claim, total, line = "", Decimal(0), Decimal(0)
        for part in parts:
            if part[0] in ("CLM", "SE"):
                assert total == 0, (path.name, claim)
            if part[0] == "CLM":
                claim, total = part[1], Decimal(part[2])
            elif part[0] == "SV1":
                line = Decimal(part[2])
                total -= line
            elif part[:2] == ["REF", "6R"]:
                assert charges[hospital, claim, part[2]] == line
