"""Treasury, operations and billing exports: coherent files, each of its own day."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from rcm_platform.world.feeds import claims_csv, files, id_columns
from rcm_platform.world.feeds.banking import CARD_DEPOSITS, LOCKBOX_DEPOSITS
from rcm_platform.world.feeds.csv_files import write_csv
from rcm_platform.world.happened.kinds import FIRST, FIRST_DECISION, PATIENT_PAYMENT, REFUND
from rcm_platform.world.model import World
from rcm_platform.world.support.dates import to_date, weekday
from rcm_platform_tests.support.tiny_world import PLAIN

START, THROUGH = date(2024, 11, 1), date(2025, 4, 15)
WRITERS: dict[str, Callable[[World, Path, int, int], None]] = {
    "treasury": files.write_treasury,
    "operations": files.write_operations,
    "claims_csv": claims_csv.write_claims_csv,
}
Rows = list[dict[str, str]]


def build(through: date = THROUGH, faults: str = "") -> World:
    return World(seed=3, size="tiny", start=START, through=through, faults=faults)


def write(world: World, folder: Path, *windows: tuple[int, int]) -> dict[str, bytes]:
    for name, writer in WRITERS.items():
        for first, last in windows or [(0, world.through_day)]:
            writer(world, folder / name, first, last)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.csv")
    }


def read(folder: Path, pattern: str) -> dict[str, Rows]:
    found = {}
    for path in sorted(folder.glob(pattern)):
        with path.open(newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


@pytest.fixture(scope="module")
def world() -> World:
    return build(faults=f"{PLAIN},renamed_column=200000,new_column=200000")


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write(world, folder)
    return folder


def stamp(name: str) -> date:
    return date.fromisoformat(name.rsplit("_", 1)[1])


def test_days_can_be_written_in_any_order(world: World, folder: Path, tmp_path: Path) -> None:
    cut = world.start_day + 60
    parts = write(world, tmp_path, (cut + 1, world.through_day), (0, cut))
    whole = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.csv")}
    assert parts == whole


def test_a_longer_world_changes_no_file(folder: Path, world: World, tmp_path: Path) -> None:
    shorter = build(date(2025, 2, 10), str(world.faults))
    for name, content in write(shorter, tmp_path).items():
        assert (folder / name).read_bytes() == content, name


def test_a_file_holds_what_its_name_says(folder: Path) -> None:
    for pattern, column in (
        ("treasury/bank_deposits_*.csv", "deposit_date"),
        ("treasury/gl_postings_*.csv", "posting_date"),
    ):
        found = read(folder, pattern)
        assert len(found) > 20
        for name, rows in found.items():
            assert {row[column] for row in rows} == {stamp(name).isoformat()}
            assert stamp(name) <= THROUGH


def test_patients_money_reaches_the_bank_to_the_cent(world: World, folder: Path) -> None:
    received: dict[str, Decimal] = defaultdict(Decimal)
    for rows in read(folder, "treasury/bank_deposits_*.csv").values():
        for row in rows:
            assert Decimal(row["amount"]) > 0
            if row["payer_name"] == files.PATIENT_DEPOSITS:
                day = date.fromisoformat(row["deposit_date"])
                assert row["trace_number"] == f"LBX{row['hospital'][-1]}{day:%Y%m%d}"
                assert day.weekday() < 5
                received[row["hospital"]] += Decimal(row["amount"])
    posted, claims = world.history.transactions, world.care.claims
    money = (posted.kind == PATIENT_PAYMENT) | (posted.kind == REFUND)
    # what is posted at the week-end is deposited on Monday
    last = world.through_day - max(int(weekday(np.array([world.through_day]))[0]) - 4, 0)
    for hospital, facility in enumerate(world.hospitals.facility_ids):
        rows = money & (claims.hospital[posted.claim] == hospital) & (posted.insert_day <= last)
        expected = Decimal(int(posted.amount[rows].sum())) / 100
        # a last day with more refunds than payments is still carried
        assert 0 <= received[facility] - expected <= 400 or received[facility] == expected


def test_faults_of_deposits_are_off_until_wanted(folder: Path, world: World) -> None:
    pays = world.payments
    paid = int(pays.amount[pays.deposit_day <= world.through_day].sum())
    found = files.deposits(world).to_pylist()
    of_payers = [r for r in found if r["trace_number"].startswith("EFT")]
    assert (
        sum(r["amount"] for r in of_payers if r["arrival_date"] <= THROUGH) == Decimal(paid) / 100
    )
    planted = build(faults="none,missing_deposit=100000,deposit_short=100000")
    fewer = [r for r in files.deposits(planted).to_pylist() if r["trace_number"].startswith("EFT")]
    assert 0.8 < len(fewer) / len(of_payers) < 0.97
    full = {
        r["trace_number"]: r["amount"] for r in files.deposits(build(faults="none")).to_pylist()
    }
    short = [r for r in fewer if r["amount"] < full[r["trace_number"]]]
    assert 0.03 < len(short) / len(fewer) < 0.2
    assert all(r["amount"] > 0 for r in fewer)


def test_a_card_pays_less_a_fee_under_a_number_of_its_own() -> None:
    world = build(faults="none,card_payment=100000")
    full = {r["trace_number"]: r for r in files.deposits(build(faults="none")).to_pylist()}
    cards = [r for r in files.deposits(world).to_pylist() if r["payer_name"] == CARD_DEPOSITS]
    assert len(cards) > 10
    for row in cards:
        assert row["trace_number"] not in full
        paid = full[row["remit_trace_number"]]
        assert paid["amount"] * Decimal("0.95") < row["amount"] < paid["amount"]
        assert paid["deposit_date"] == row["deposit_date"]


def test_the_checks_of_a_lockbox_are_one_deposit_and_nothing_else_changes() -> None:
    world = build(faults="none,lockbox_deposit=500000")
    before = {r["deposit_id"]: r for r in files.deposits(build(faults="none")).to_pylist()}
    after = {r["deposit_id"]: r for r in files.deposits(world).to_pylist()}
    boxes = [r for r in after.values() if r["payer_name"] == LOCKBOX_DEPOSITS]
    assert sum(r["amount"] for r in after.values()) == sum(r["amount"] for r in before.values())
    assert len(before) - len(after) > 5, "some hold several checks"
    assert len({(r["hospital"], r["deposit_date"]) for r in boxes}) == len(boxes)
    assert not any(r["remit_trace_number"] for r in boxes)
    assert all(before[r["deposit_id"]] == r for r in after.values() if r not in boxes)


def test_a_bank_feed_that_begins_later_says_nothing_of_the_days_before() -> None:
    world = build(faults="none,late_bank_feed=1")
    every = files.deposits(build(faults="none")).to_pylist()
    begins = START + timedelta(days=45)
    told = [r for r in every if r["hospital"] == "HOSP_A" or r["deposit_date"] >= begins]
    assert files.deposits(world).to_pylist() == told != every
    assert len(files.gl_postings(world)) == len(every), "the books have them all"


def test_every_deposit_is_booked_once(world: World) -> None:
    deposits, postings = files.deposits(world).to_pylist(), files.gl_postings(world).to_pylist()
    late = files.late_postings(build(faults="none"))
    assert not late.any()
    assert len(deposits) == len(postings) == len({row["gl_id"] for row in postings})
    for deposit, posting in zip(deposits, postings, strict=True):
        assert posting["trace_number"] == deposit["trace_number"]
        assert posting["amount"] == deposit["amount"]
        assert posting["accounting_period"] == deposit["deposit_date"].replace(day=1)
        assert posting["posting_date"] >= deposit["deposit_date"]
        is_patients = deposit["payer_name"] == files.PATIENT_DEPOSITS
        assert posting["account"] == ("Cash - Patients" if is_patients else "Cash - Payers")
        assert posting["posting_date"].weekday() < 5


def test_late_postings_miss_the_close_and_no_other_does() -> None:
    world = build(faults="none,month_end_restatement=500000")
    rows, late = files.gl_postings(world).to_pylist(), files.late_postings(world).tolist()
    assert 3 < sum(late) < len(late) / 2
    for row, is_late in zip(rows, late, strict=True):
        after = (row["accounting_period"] + timedelta(days=31)).replace(day=1)
        close = after.replace(day=files.BOOKS_CLOSE_ON)
        assert (row["posting_date"] > close) == is_late


def test_payers_and_their_second_numbers(folder: Path, world: World, tmp_path: Path) -> None:
    rows = read(folder, "operations/payers.csv")["payers"]
    merged = {row["payer_id"]: row["merged_into"] for row in rows if row["merged_into"]}
    assert merged == {"10045": "10005"}
    assert {row["payer_id"] for row in rows} >= {"10005", "SELF"}
    [(day, second)] = files.mergers(world).values()
    assert second == "10045"
    contracts = read(folder, "operations/payer_contracts_*.csv")
    assert [stamp(name) for name in contracts] == [START, to_date(day)]
    before, after = contracts.values()

    def terms(found: Rows, payer: str) -> list[tuple[str, ...]]:
        names = ("facility_id", "service_category", "method", "rate", "is_lesser_of")
        return [tuple(row[n] for n in names) for row in found if row["payer_id"] == payer]

    assert {row["payer_id"] for row in after} == {"10045"}
    assert terms(before, "10005") == terms(after, "10045")
    none = build(faults="none")
    assert files.mergers(none) == {}
    write(none, tmp_path)
    assert len(read(tmp_path, "operations/payer_contracts_*.csv")) == 1
    assert not any(r["merged_into"] for r in read(tmp_path, "operations/payers.csv")["payers"])


def test_contracts_and_fees_say_what_payers_owe(world: World, folder: Path) -> None:
    contracts = read(folder, "operations/payer_contracts_*.csv")[f"payer_contracts_{START:%Y%m%d}"]
    keys = {(r["contract_id"], r["service_category"]) for r in contracts}
    assert len(keys) == len(contracts) == 2 * 4 * 8
    for row in contracts:
        if row["method"] == "percent of medicare":
            whole, _, tenth = row["rate"].partition(".")
            assert int(whole) >= 70
            assert len(tenth) == 1
        elif row["method"] == "fee schedule":
            assert row["rate"] == ""
        else:
            assert Decimal(row["rate"]) > 100
        assert row["is_lesser_of"] in ("true", "false")
        assert date.fromisoformat(row["effective_date"]) < START
    fees = read(folder, "operations/fee_schedules_*.csv")[f"fee_schedules_{START:%Y%m%d}"]
    scheduled = {row["payer_id"] for row in contracts if row["method"] == "fee schedule"}
    assert {row["schedule_id"] for row in fees} == {*scheduled, "MEDICARE"}
    codes = set(world.parameters.procedures.text("code"))
    for schedule in (*scheduled, "MEDICARE"):
        own = [row for row in fees if row["schedule_id"] == schedule]
        assert {row["procedure_code"] for row in own} == codes
        assert len(own) == len(codes)


def test_clinicians_have_targets_that_they_can_meet(world: World, folder: Path) -> None:
    found = read(folder, "operations/clinician_targets_*.csv")
    assert [stamp(name) for name in found] == [START, date(2025, 1, 1)]
    visits, lines = world.care.encounters, world.care.lines
    work = int((lines.work_rvu * lines.units).sum()) / 100
    days = world.through_day - world.start_day + 1
    for rows in found.values():
        assert len(rows) == len(world.providers.number)
        target = sum(Decimal(row["work_rvu_target"]) for row in rows)
        assert 0.6 < work / days * 365 / float(target) < 1.7
        assert all(0 < Decimal(row["fte"]) <= 1 for row in rows)
        per_fte = target / sum(Decimal(row["fte"]) for row in rows)
        assert 4000 < per_fte < 7000
    assert len(visits.key) > 100


def exports(folder: Path) -> dict[tuple[str, str], Rows]:
    return {
        (system, name): rows
        for system in ("hospital_a", "hospital_b")
        for name, rows in read(folder, f"claims_csv/{system}/*.csv").items()
    }


def test_a_claim_is_exported_again_after_each_change(world: World, folder: Path) -> None:
    listings: dict[tuple[str, str], int] = defaultdict(int)
    for (system, name), rows in exports(folder).items():
        arrival = stamp(name)
        assert arrival.day == claims_csv.ARRIVES_ON
        assert len(rows) == len({row["ClaimID"] for row in rows}) > 0
        before = (arrival - timedelta(days=3)).replace(day=claims_csv.ARRIVES_ON)
        for row in rows:
            assert before < date.fromisoformat(row["ModifiedDate"][:10]) <= arrival
            assert row["ServiceDate"] <= row["ClaimDate"] <= row["ModifiedDate"][:10]
            listings[system, row["ClaimID"]] += 1
    assert max(listings.values()) > 2

    sent, remits, claims = world.history.submissions, world.history.remits, world.care.claims
    exported = claims_csv.billing_exports(world).to_pylist()
    assert len({(row["source_system"], row["ClaimID"]) for row in exported}) == sum(
        sent.kind == FIRST
    )
    last = {}
    for row in sorted(exported, key=lambda row: row["arrival_date"]):
        last[row["source_system"], row["ClaimID"]] = row["ClaimStatus"]
    of_claim = list(
        zip(
            np.array(world.hospitals.source_systems)[claims.hospital].tolist(),
            id_columns.claims(world, np.arange(len(claims.key))).to_pylist(),
            strict=True,
        )
    )
    # in the end nothing that a payer has decided is still pending
    decided = np.unique(remits.claim[remits.kind == FIRST_DECISION]).tolist()
    assert {last[of_claim[claim]] for claim in decided} <= {"Paid", "Partially Paid", "Denied"}


def test_exports_have_the_status_of_their_day(world: World) -> None:
    rows = claims_csv.billing_exports(world).to_pylist()
    assert {row["ClaimStatus"] for row in rows} == set(claims_csv.STATUSES)
    for row in rows:
        shares = (row["Deductible"], row["Coinsurance"], row["Copay"])
        if row["ClaimStatus"] in ("Pending", "Rejected"):
            assert row["PaidAmount"] is None
            assert shares == (None, None, None)
        elif row["ClaimStatus"] == "Denied":
            assert row["PaidAmount"] == 0
        else:
            assert 0 <= row["PaidAmount"] <= 2 * row["ClaimAmount"]
            assert all(share >= 0 for share in shares)


def test_columns_drift_where_planted(world: World, folder: Path) -> None:
    kinds: dict[str, int] = defaultdict(int)
    for hospital, day, file, claims, cents in claims_csv.exported_files(world):
        if day > world.through_day:
            continue
        with (folder / "claims_csv" / file).open(newline="") as opened:
            reader = csv.DictReader(opened)
            columns, rows = list(reader.fieldnames or []), list(reader)
        renamed = claims_csv.is_renamed(world, hospital, day)
        added = claims_csv.has_new_column(world, hospital, day)
        assert ("PaidAmt" in columns) == renamed == ("PaidAmount" not in columns)
        assert (columns[-1] == claims_csv.NEW_COLUMN) == added
        assert len(columns) == 18 + added
        assert len(rows) == claims
        assert sum(Decimal(row["ClaimAmount"]) for row in rows) == Decimal(cents) / 100
        kinds["renamed" if renamed else "added" if added else "plain"] += 1
    assert set(kinds) == {"renamed", "added", "plain"}


def test_values_that_need_quotes_get_them(tmp_path: Path) -> None:
    import pyarrow as pa

    values = ['Smith, "Joe"', "plain", None, "two\nlines"]
    write_csv(tmp_path / "x.csv", pa.table({"name": values, "amount": [1, 2, 3, None]}))
    with (tmp_path / "x.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [['Smith, "Joe"', "1"], ["plain", "2"], ["", "3"], ["two\nlines", ""]]
    assert rows[0] == ["name", "amount"]


def test_a_bank_may_leave_out_a_number_that_the_books_have() -> None:
    world = build(faults="none,unnumbered_deposit=200000")
    deposits, postings = files.deposits(world).to_pylist(), files.gl_postings(world).to_pylist()
    bare = [row for row in deposits if row["trace_number"] is None]
    assert 0.1 < len(bare) / len([r for r in deposits if r["remit_trace_number"]]) < 0.3
    booked = {row["gl_id"]: row["trace_number"] for row in postings}
    for row in bare:
        assert booked[row["deposit_id"].replace("DEP", "GL")] == row["remit_trace_number"]


def test_a_bank_writes_some_numbers_behind_zeros(folder: Path) -> None:
    told = [row for rows in read(folder, "treasury/bank_deposits_*.csv").values() for row in rows]
    padded = [row for row in told if row["trace_number"].startswith("00")]
    assert 0 < len(padded) < len(told) / 8
    assert not [row for row in padded if row["payer_name"] == files.PATIENT_DEPOSITS]
