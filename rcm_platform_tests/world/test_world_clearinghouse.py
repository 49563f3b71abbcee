"""The X12 files agree with each other, with the databases, the bank and the planted faults."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from rcm_platform.world.feeds.x12 import (
    FOLDERS,
    Lookup,
    batches,
    clearinghouse_files,
    write_clearinghouse,
)
from rcm_platform.world.feeds.x12.claims import render_claims
from rcm_platform.world.happened import identifiers
from rcm_platform.world.happened.kinds import VOID
from rcm_platform.world.model import World
from rcm_platform.world.support.dates import to_day
from rcm_platform.world.support.parameters import FOLDER, Table
from rcm_platform_tests.support.plain_x12 import (
    Remit,
    RemitClaim,
    Segment,
    SentClaim,
    read_835,
    read_837,
    segments,
)
from rcm_platform_tests.support.tiny_world import PLAIN, SEED, START, THROUGH, Query

GROUPS = {
    "837p": ("837", "HC", "005010X222A1"),
    "837i": ("837", "HC", "005010X223A2"),
    "999": ("999", "FA", "005010X231A1"),
    "277ca": ("277", "HN", "005010X214"),
    "835": ("835", "HP", "005010X221A1"),
}
#: So that every fault that shows in X12 is there several times.
RATES = (
    "duplicate_file=30000,renumbered_file=30000,unbalanced_claim=20000,unbalanced_payment=20000,"
    "repeated_claim=20000,reversal_without_correction=20000,remit_before_submission=10000,"
    "other_payer_paid=10000,stranger_remit=20000,stranger_ack=20000,bad_npi=20000,"
    "replacement_without_reference=300000,deactivated_reason=150000,reason_without_remark=150000,"
    "whole_charge_contractual=150000,patient_contractual=20000,late_charge=60000,missing_999=50000"
)
ODD_REASONS = {1: "62", 2: "45", 3: "16"}
WITHOUT_REMARK = {"1", "2", "3", "16", "23", "24", "45", "90", "91", "253"}

Key = tuple[str, str]
"""Hospital (a or b) and claim id."""


@pytest.fixture(scope="module")
def model() -> World:
    return World(seed=SEED, size="tiny", start=START, through=THROUGH, faults=f"{RATES},{PLAIN}")


@pytest.fixture(scope="module")
def folder(model: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clearinghouse's folder of a world with many faults."""
    path = tmp_path_factory.mktemp("clearinghouse")
    write_clearinghouse(model, path, model.start_day, model.through_day)
    return path


@pytest.fixture(scope="module")
def parsed(folder: Path) -> dict[Path, list[Segment]]:
    return {path: segments(path) for path in sorted(folder.rglob("*.edi"))}


@pytest.fixture(scope="module")
def remits(folder: Path) -> dict[str, Remit]:
    """By file, but for second deliveries."""
    paths = sorted((folder / "835").glob("*.edi"))
    return {f"835/{p.name}": read_835(p) for p in paths if not p.stem.endswith(("_2", "_3"))}


@pytest.fixture(scope="module")
def answered(remits: dict[str, Remit], model: World) -> list[tuple[Key, Remit, RemitClaim]]:
    letters = dict(zip(model.hospitals.npis + model.hospitals.group_npis, "abab", strict=True))
    return [
        ((letters[remit.npi], claim.claim_id), remit, claim)
        for remit in remits.values()
        for claim in remit.claims
    ]


@pytest.fixture(scope="module")
def sent(folder: Path) -> list[tuple[Key, SentClaim]]:
    return [
        ((hospital_of(path), claim.claim_id), claim)
        for kind in ("837p", "837i")
        for path in sorted((folder / kind).glob("*.edi"))
        for claim in read_837(path)
    ]


def hospital_of(path: Path) -> str:
    return path.name.split("hospital_")[1][0]


def arrival(path: Path) -> date:
    return date.fromisoformat("20" + path.read_text("ascii")[70:76])


def claim_keys(world: World, rows: np.ndarray) -> list[Key]:
    """Hospital and claim id of rows of Claims."""
    claims = world.care.claims
    ids = identifiers.claim_ids(
        world.care.encounters.number[claims.encounter[rows]], claims.part[rows]
    )
    return [("ab"[h], i) for h, i in zip(claims.hospital[rows].tolist(), ids, strict=True)]


def test_envelopes(parsed: dict[Path, list[Segment]]) -> None:
    assert {path.parent.name for path in parsed} == set(GROUPS)
    for path, parts in parsed.items():
        first = path.read_bytes()[:106]
        assert first[105:106] == b"~" and first[:3] == b"ISA", path.name
        by_name = defaultdict(list)
        for part in parts:
            by_name[part[0]].append(part)
            assert part[-1], (path.name, part)  # no empty element at an end
        [isa], [gs], [ge], [iea] = (by_name[name] for name in ("ISA", "GS", "GE", "IEA"))
        kind, group, version = GROUPS[path.parent.name]
        assert isa[15] == "P"
        assert (gs[1], gs[8]) == (group, version)
        assert gs[6] == ge[2] and isa[13] == iea[2] and iea[1] == "1"
        assert int(ge[1]) == len(by_name["ST"]) == len(by_name["SE"])
        assert all(st[1] == kind for st in by_name["ST"])
        starts = [i for i, part in enumerate(parts) if part[0] == "ST"]
        ends = [i for i, part in enumerate(parts) if part[0] == "SE"]
        for start, end in zip(starts, ends, strict=True):
            assert int(parts[end][1]) == end - start + 1
            assert parts[end][2] == parts[start][2]
        assert f"_20{isa[9]}" in path.name


def test_control_numbers_are_unique_but_for_second_deliveries(
    parsed: dict[Path, list[Segment]],
) -> None:
    numbers = Counter(parts[0][13] for p, parts in parsed.items() if not p.stem.endswith("_2"))
    assert set(numbers.values()) == {1}


def test_one_file_per_hospital_form_and_business_day(folder: Path) -> None:
    for kind in ("837p", "837i", "277ca"):
        names = [path.name for path in (folder / kind).iterdir()]
        assert len(names) > 100
        for name in names:
            assert name.startswith(f"{kind}_hospital_")
            assert date.fromisoformat(name.split("_")[-1].removesuffix(".edi")).weekday() < 5


def test_every_837_gets_a_999_at_once_but_for_the_planted_ones(
    parsed: dict[Path, list[Segment]], model: World
) -> None:
    batches = {}
    for path, parts in parsed.items():
        if path.parent.name.startswith("837"):
            batches[parts[1][6], parts[1][8]] = path
    for path, parts in parsed.items():
        if path.parent.name == "999":
            assert parts[3][:2] == ["AK1", "HC"]
            answers = batches.pop((parts[3][2], parts[3][3]))
            assert parts[4] == ["AK2", "837", "0001", parts[3][3]]
            assert parts[5:7] == [["IK5", "A"], ["AK9", "A", "1", "1", "1"]]
            sent_on = arrival(answers)
            form = answers.parent.name[-1]
            assert path.name.startswith(f"999_hospital_{hospital_of(answers)}_{form}_")
            waited = (arrival(path) - sent_on).days
            assert waited in ((0, 1, 3) if sent_on.weekday() == 4 else (0, 1))
    lost = [path for path in batches.values() if arrival(path) < THROUGH - timedelta(days=3)]
    assert lost
    keys = [
        [int(hospital_of(p) == "b"), int(p.parent.name == "837i"), to_day(arrival(p))] for p in lost
    ]
    assert model.faults.planted("missing_999", model.draws, *np.array(keys).T).all()


def test_remittances_balance_but_for_the_planted_claims_and_payments(
    remits: dict[str, Remit],
    answered: list[tuple[Key, Remit, RemitClaim]],
    model: World,
) -> None:
    planted = np.flatnonzero(
        (model.history.remits.unbalanced_by != 0)
        & (model.history.remits.era_day <= model.through_day)
    )
    wrong = Counter(key for key, _, claim in answered if not claim.is_balanced)
    assert wrong
    assert wrong == Counter(claim_keys(model, model.history.remits.claim[planted]))
    for _, _, claim in answered:
        if claim.is_balanced:
            shares = [a for _, group, _, a in claim.all_adjustments if group == "PR"]
            assert claim.patient == sum(shares, Decimal(0))
            if claim.lines:
                assert claim.charge == sum(line.charge for line in claim.lines)
            groups = [[group for group, *_ in line.adjustments] for line in claim.lines]
            assert all(group == sorted(group, key=group.index) for group in groups)
    pays = model.payments
    planted = np.flatnonzero((pays.unbalanced_by != 0) & (pays.era_day <= model.through_day))
    unbalanced = [remit for remit in remits.values() if not remit.is_balanced]
    assert 0 < len(unbalanced) == len(planted)


def test_nothing_is_paid_below_zero_and_balances_are_carried_forward(
    remits: dict[str, Remit],
) -> None:
    balances: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for remit in sorted(remits.values(), key=lambda r: r.paid_on):
        assert (remit.method == "NON") == (remit.amount == 0)
        assert remit.amount >= 0
        for code, reference, amount in remit.provider_adjustments:
            assert code in ("L6", "WO", "FB", "CT")
            if code == "FB":
                balances[remit.npi, reference].append(amount)
    assert balances
    for amounts in balances.values():
        assert amounts[0] < 0  # lifts a payment to zero, and is taken from a later one
    settled = [amounts for amounts in balances.values() if len(amounts) > 1]
    assert settled
    assert all(sum(amounts) == 0 for amounts in settled if amounts[-1] > 0)


def test_provider_adjustments_name_a_claim_of_the_payer(
    remits: dict[str, Remit], answered: list[tuple[Key, Remit, RemitClaim]]
) -> None:
    numbers = {(remit.npi, claim.payer_number) for _, remit, claim in answered}
    about = [
        (remit.npi, reference)
        for remit in remits.values()
        for code, reference, _ in remit.provider_adjustments
        if code not in ("FB", "CT")
    ]
    assert about
    assert set(about) <= numbers


def test_reversals_negate_an_earlier_decision(
    answered: list[tuple[Key, Remit, RemitClaim]],
) -> None:
    known: dict[tuple[Key, str], list[RemitClaim]] = defaultdict(list)
    reversals = 0
    for key, _, claim in sorted(answered, key=lambda a: (a[1].paid_on, a[2].status != "22")):
        if claim.status == "22":
            reversals += 1
            original = known[key, claim.payer_number][0]
            assert claim.charge == -original.charge
            assert claim.charge < 0
            if claim.is_balanced and original.is_balanced:
                assert claim.paid == -original.paid
                assert [(line.charge, line.paid) for line in claim.lines] == [
                    (-line.charge, -line.paid) for line in original.lines
                ]
        else:
            known[key, claim.payer_number].append(claim)
    assert reversals > 3


def test_a_whole_charge_is_contractual_only_where_planted(
    answered: list[tuple[Key, Remit, RemitClaim]], model: World
) -> None:
    remits = model.history.remits
    seen = remits.era_day <= model.through_day
    disguised = defaultdict(set)
    for code, reason in ODD_REASONS.items():
        rows = np.flatnonzero(seen & (remits.odd_reason == code))
        disguised[reason] = set(claim_keys(model, remits.claim[rows]))
        assert disguised[reason]
    whole, old, silent = set(), set(), set()
    for key, _, claim in answered:
        found = [(claim, claim.adjustments, claim.charge, claim.remark)]
        found += [(claim, line.adjustments, line.charge, line.remark) for line in claim.lines]
        for _, adjustments, charge, remark in found:
            for group, reason, amount in adjustments:
                told_apart = claim.status == "2" or (claim.drg and claim.paid)
                if (group, reason) == ("CO", "45") and amount == charge and not told_apart:
                    whole.add(key)
                if reason == "62":
                    old.add(key)
                if reason == "16" and not remark:
                    silent.add(key)
                if reason not in WITHOUT_REMARK and not (reason == "97" and told_apart):
                    assert remark
    assert (whole, old, silent) == (disguised["45"], disguised["62"], disguised["16"])


def test_contract_adjustments_are_the_patients_only_where_planted(
    answered: list[tuple[Key, Remit, RemitClaim]], model: World
) -> None:
    remits = model.history.remits
    rows = np.flatnonzero(remits.is_patient_contractual & (remits.era_day <= model.through_day))
    found = {
        key
        for key, _, claim in answered
        if any((g, r) in (("PR", "45"), ("PR", "90")) for _, g, r, _ in claim.all_adjustments)
    }
    assert found == set(claim_keys(model, remits.claim[rows])) != set()


def test_second_deliveries_differ_in_nothing_but_their_number(folder: Path, model: World) -> None:
    seen = model.payments.era_day <= model.through_day
    for suffix, planted in (
        ("_2", model.payments.is_duplicated),
        ("_3", model.payments.is_renumbered),
    ):
        seconds = list((folder / "835").glob(f"*{suffix}.edi"))
        assert len(seconds) == int((planted & seen).sum()) > 0
        for second in seconds:
            first = second.with_name(second.name.replace(f"{suffix}.edi", ".edi"))
            if suffix == "_2":
                assert first.read_bytes() == second.read_bytes()
                continue
            old, new = segments(first), segments(second)
            assert (old[0][13], old[1][6]) != (new[0][13], new[1][6])
            for parts in (old, new):
                parts[0][13] = parts[1][6] = parts[-2][2] = parts[-1][2] = ""
            assert old == new


def test_traces_are_unique_and_the_bank_echoes_them(world: Path) -> None:
    paths = sorted((world / "clearinghouse" / "835").glob("*.edi"))
    first = [read_835(p) for p in paths if not p.stem.endswith(("_2", "_3"))]
    assert len({r.trace for r in first}) == len(first)
    sound = [r for r in first if r.is_balanced]
    paid = {r.trace: (r.amount, r.paid_on) for r in sound if r.amount}
    latest = max(r.paid_on for r in first)
    banked = {}
    for path in (world / "treasury").glob("bank_deposits_*.csv"):
        for row in csv.DictReader(path.open()):
            assert row["deposit_date"].replace("-", "") == path.stem.split("_")[-1]
            banked[row["trace_number"].lstrip("0")] = (Decimal(row["amount"]), row["deposit_date"])
    for trace, (amount, day) in banked.items():
        if trace in paid:
            assert paid[trace][0] == amount
            assert paid[trace][1] <= day.replace("-", "")
    missing = {day for trace, (_, day) in paid.items() if trace not in banked}
    assert all(day >= str(int(latest) - 4) for day in missing)


def test_claims_travel_under_their_account_numbers(
    parsed: dict[Path, list[Segment]],
    sent: list[tuple[Key, SentClaim]],
    answered: list[tuple[Key, Remit, RemitClaim]],
) -> None:
    """837 CLM01 = 277CA TRN02 = 835 CLP01; 277CA REF*1K = 835 CLP07 = later REF*F8."""
    accepted: dict[Key, set[str]] = defaultdict(set)
    references: dict[str, set[str]] = defaultdict(set)
    acked: set[Key] = set()
    for path, parts in parsed.items():
        claim = ("", "")
        for part in parts:
            if part[0] == "BHT" and path.parent.name.startswith("837"):
                references["837"].add(part[3])
            elif part[:2] == ["TRN", "2"]:
                if part[2].startswith("CL"):
                    claim = (hospital_of(path), part[2])
                    acked.add(claim)
                else:
                    references["277"].add(part[2])
            elif part[:2] == ["REF", "1K"]:
                accepted[claim].add(part[2])
    assert references["277"] <= references["837"]
    known = {key for key, _ in sent}
    strangers = {key for key in acked if key[1].startswith("CLX")}
    assert strangers
    assert acked - strangers <= known
    billed_again = {key for key, claim in sent if claim.responsibility == "S"}
    strange = 0
    for key, _, claim in answered:
        if key[1].startswith("CLX"):
            strange += 1
            assert all(line.control and line.control[0] == "X" for line in claim.lines)
        elif key in acked and (claim.status != "2" or key in billed_again):
            # not so: paid before it was sent (planted), or forwarded by the payer before
            assert claim.payer_number in accepted[key]
    assert strange
    replaced = [(key, claim) for key, claim in sent if claim.frequency in ("7", "8")]
    assert not any(claim.original for _, claim in sent if claim.frequency in ("1", "5"))
    for key, claim in replaced:
        assert claim.original in accepted[key] or claim.original is None
    without = [claim for _, claim in replaced if claim.original is None]
    assert 0 < len(without) < len(replaced)


def test_voids_name_the_claim_that_they_take_back(tmp_path: Path) -> None:
    """In the small world, since the tiny one has hardly any."""
    world = World(seed=SEED, size="small", start=START, through=THROUGH, faults=PLAIN)
    sent, lookup = world.history.submissions, Lookup(world)
    batch = batches(lookup)
    files = batch.of_submissions()
    voids = np.flatnonzero(sent.kind == VOID)
    assert len(voids) > 3
    for row, (_, identifier) in zip(voids, claim_keys(world, sent.claim[voids]), strict=True):
        path = tmp_path / "837.edi"
        path.write_bytes(render_claims(lookup, batch, int(files[row])))
        [void] = [claim for claim in read_837(path) if claim.claim_id == identifier]
        assert void.frequency == "8"
        claim = sent.claim[row : row + 1]
        assert [void.original] == lookup.payer_claim_numbers(claim, sent.replaces_attempt[[row]])


def test_late_charges_are_told_by_their_frequency(
    sent: list[tuple[Key, SentClaim]], model: World
) -> None:
    late = np.flatnonzero(model.care.claims.is_late_charge)
    institutional = model.care.claims.is_institutional[late]
    assert {key for key, claim in sent if claim.frequency == "5"} <= set(
        claim_keys(model, late[institutional])
    )
    assert any(claim.frequency == "5" for _, claim in sent)


def test_charges_add_up_and_diagnoses_are_all_there(
    sent: list[tuple[Key, SentClaim]], model: World
) -> None:
    claims, visits = model.care.claims, model.care.encounters
    rows = dict(zip(claim_keys(model, np.arange(len(claims.part))), range(10**9), strict=False))
    codes = model.parameters.diagnoses.text("icd10")
    for key, claim in sent:
        assert claim.charge == sum(line.charge for line in claim.lines)
        row = rows[key]
        cents = int(claim.charge * 100)
        # a replacement may take a line back that was charged too much
        is_less = claim.frequency == "7" and 0 < cents < claims.charge[row]
        assert is_less or cents == claims.charge[row]
        visit = claims.encounter[row]
        found = (visits.diagnosis[visit], visits.diagnosis_2[visit], visits.diagnosis_3[visit])
        assert claim.diagnoses == [codes[diagnosis] for diagnosis in found if diagnosis >= 0]


def test_bad_provider_numbers_are_the_planted_ones(
    sent: list[tuple[Key, SentClaim]], model: World
) -> None:
    right = set(model.providers.npis)
    found = Counter(key for key, claim in sent if claim.npi not in right)
    submissions = model.history.submissions
    rows = np.flatnonzero(submissions.has_bad_npi & (submissions.day <= model.through_day))
    assert found == Counter(claim_keys(model, submissions.claim[rows]))
    assert found


def test_secondary_claims_tell_what_the_primary_payer_did(
    sent: list[tuple[Key, SentClaim]],
    answered: list[tuple[Key, Remit, RemitClaim]],
) -> None:
    paid: dict[tuple[Key, str], list[Decimal]] = defaultdict(list)
    for key, _, claim in answered:
        for line in claim.lines:
            paid[key, line.control or ""].append(line.paid)
    secondary = [(key, claim) for key, claim in sent if claim.responsibility == "S"]
    assert secondary
    for key, claim in secondary:
        assert claim.prior_payer and claim.prior_payer != claim.payer_id
        lines = [line for line in claim.lines if line.prior_paid is not None]
        assert lines or claim.prior_adjustments
        assert claim.prior_paid == sum((line.prior_paid or 0 for line in lines), Decimal(0))
        for line in lines:
            assert line.prior_payer == claim.prior_payer
            adjusted = sum((a for _, _, a in line.prior_adjustments), Decimal(0))
            assert line.charge == (line.prior_paid or 0) + adjusted
            assert line.prior_paid in paid[key, line.control]
    assert not any(claim.prior_payer for _, claim in sent if claim.responsibility == "P")


def test_forwarded_claims_name_the_payer_that_answers_next(
    answered: list[tuple[Key, Remit, RemitClaim]], sent: list[tuple[Key, SentClaim]]
) -> None:
    forwarded = {key: claim.forwarded_to for key, _, claim in answered if claim.status == "19"}
    assert forwarded and all(forwarded.values())
    second = {key: remit.payer_id for key, remit, claim in answered if claim.status == "2"}
    # a payer that merges in between answers under its second number
    merged = {row["payer_id"]: row["merged_id"] for row in Table.read("payers.csv", FOLDER).rows}
    assert all(
        second[key] in (payer, merged.get(payer))
        for key, payer in forwarded.items()
        if key in second
    )
    billed = {key for key, claim in sent if claim.responsibility == "S"}
    assert not billed & set(forwarded)
    assert set(second) - set(forwarded) <= billed


def test_institutional_answers_carry_bill_type_revenue_codes_and_drg(
    sent: list[tuple[Key, SentClaim]], answered: list[tuple[Key, Remit, RemitClaim]]
) -> None:
    known = dict(sent)
    inpatients = 0
    for key, _, claim in answered:
        if key not in known:
            continue
        asked = known[key]
        assert claim.facility == asked.place
        assert bool(claim.drg) == (asked.is_institutional and asked.place == "11")
        inpatients += bool(claim.drg)
        for line in claim.lines:
            assert bool(line.revenue_code) == asked.is_institutional
            if line.code.startswith("NU:"):  # a room
                assert line.code == f"NU:{line.revenue_code}"
    assert inpatients > 3


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


def test_charges_equal_the_database(world: Path, query: Query) -> None:
    charges = {
        (system[-1], *key): amount
        for system in ("hospital_a", "hospital_b")
        for *key, amount in query(
            f"select ClaimID, TransactionID, Amount from {system}.transactions "
            "where lower(AmountType) = 'charge'"
        )
    }
    for kind in ("837p", "837i"):
        for path in (world / "clearinghouse" / kind).glob("*.edi"):
            for claim in read_837(path):
                for line in claim.lines:
                    key = hospital_of(path), claim.claim_id, line.control
                    assert charges[key] == line.charge


def test_a_merged_payer_changes_its_number(parsed: dict[Path, list[Segment]]) -> None:
    first, merged = "10005", "10045"
    days: dict[tuple[str, str], set[str]] = defaultdict(set)
    for path, parts in parsed.items():
        if path.parent.name in ("837p", "837i", "835"):
            numbers = {p[9] for p in parts if p[:2] == ["NM1", "PR"]}
            numbers |= {p[4] for p in parts if p[:2] == ["N1", "PR"]}
            day = next(p[16] for p in parts if p[0] == "BPR") if path.parent.name == "835" else ""
            for number in numbers & {first, merged}:
                days[path.parent.name[:3], number].add(day or f"20{parts[0][9]}")
                assert path.parent.name != "835" or f"_{number}_" in path.name
    for kind in ("837", "835"):
        assert max(days[kind, first]) < min(days[kind, merged])


def test_a_longer_world_only_adds_files(model: World, folder: Path, tmp_path: Path) -> None:
    until = date(2025, 2, 14)
    shorter = World(seed=SEED, size="tiny", start=START, through=until, faults=f"{RATES},{PLAIN}")
    write_clearinghouse(shorter, tmp_path, shorter.start_day, shorter.through_day)
    for kind in FOLDERS:
        early = {path.name: path for path in (folder / kind).iterdir() if arrival(path) <= until}
        written = {path.name: path for path in (tmp_path / kind).iterdir()}
        assert set(early) == set(written)
        for name, path in written.items():
            assert path.read_bytes() == early[name].read_bytes(), name


def test_parts_and_windows_make_the_whole(model: World, folder: Path, tmp_path: Path) -> None:
    middle = model.start_day + 100
    windows = ((model.start_day, middle), (middle + 1, model.through_day))
    counts = []
    told: list[tuple[int, int, str]] = []
    for first, last in windows:
        for part in ((0, 2), (1, 2)):
            progress = partial(lambda *said: told.append(said))
            counts.append(write_clearinghouse(model, tmp_path, first, last, part, progress))
    whole = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.edi")}
    parts = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.edi")}
    assert parts == whole
    assert sum(counts) == len(whole) == len(told)
    assert all(done <= total for done, total, _ in told)
    assert abs(counts[0] - counts[1]) <= 1


def test_every_file_is_named_once(model: World) -> None:
    names = Counter(spec.name for spec in clearinghouse_files(model))
    assert set(names.values()) == {1}
    assert {name.split("/")[0] for name in names} == set(FOLDERS)


def test_numbers_given_by_others_never_repeat() -> None:
    hospital, number, part, attempt = np.meshgrid(
        np.arange(2), np.array([1, 2, 99_999_998, 99_999_999]), np.arange(1, 10), np.arange(1, 10)
    )
    columns = [column.ravel() for column in (hospital, number, part, attempt)]
    for numbers in (identifiers.payer_claim_numbers, identifiers.clearinghouse_numbers):
        texts = numbers(*columns)
        assert len(set(texts)) == len(texts)
        assert len({len(text) for text in texts}) == 1
