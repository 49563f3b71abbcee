"""The account of each file: its bytes, its dollars, and a line where they do not add up."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from rcm_platform.ingest.quarantine import replay
from rcm_platform.lake import Lake
from rcm_platform.proof.files import account_for_files
from rcm_platform.settings import Settings
from rcm_platform.sources import x12
from rcm_platform.sources.x12 import rows as x12_rows
from rcm_platform_tests.conftest import LAST_DAY
from rcm_platform_tests.ingest.test_x12_replay import load, settings, stricter
from rcm_platform_tests.support.x12_samples import (
    group,
    interchange,
    remit,
    remit_claim,
    remit_file,
    submitted,
    submitted_file,
    transaction,
)

PLB = ["PLB*1234567893*20251231*WO:X*20"]
BAD = remit_claim("BAD", line_adjustments="CAS*CO*45*59")
UNREADABLE = [part.replace("CLP*X*1*200*120", "CLP*X*1*200*1,20") for part in remit_claim("X")]

__all__ = ["settings"]  # a fixture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that are loaded, held in part, held whole, delivered twice, or no X12 at all."""
    root = tmp_path / "in"
    root.mkdir()
    claims = group(
        transaction("837", submitted()),
        transaction("837", submitted(lines=("150", "51")), "0002"),
        code="837",
    )
    paid = group(transaction("835", remit(remit_claim(), BAD, paid="220", plb=PLB)))
    files = {
        "good.835": remit_file(number=1),
        "again.835": remit_file(number=1) + b"\r\n" + remit_file(number=2),
        "held claim.835": interchange(paid, number=3),
        "held payment.835": interchange(
            group(transaction("835", remit(remit_claim(), paid="119"))), number=4
        ),
        "cut.835": remit_file(number=5)[:-20],
        "claims.837": interchange(claims, number=6),
        "more claims.837": submitted_file(),
        "notes.txt": b"call the payer",
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    return root


@pytest.fixture
def lake(folder: Path, tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    x12.load_folder(lake, folder, "clearinghouse")
    return lake


def lines(lake: Lake) -> list[tuple[str, str, list[str], bool]]:
    return [
        (line.subject, line.scope, [str(a) for a in line.figures.values()], line.passed)
        for line in account_for_files(lake)
    ]


def test_every_file_adds_up_in_bytes_and_dollars(lake: Lake, folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert lines(lake) == [
        ("bytes", "clearinghouse", [str(size)] * 2, True),
        # 835: 2 of 120 loaded, 220 with a held claim of 120, 119 and 120 held; 837: 3 of 200
        ("dollars", "clearinghouse", ["1299.00"] * 2, True),
    ]


def test_a_file_that_does_not_add_up_has_a_line(lake: Lake) -> None:
    with lake.batch("x12", ["an error of ours"]) as batch:
        row = {"paid_amount": None, "_source_system": "clearinghouse", "_source_file": "good.835"}
        rows = pa.Table.from_pylist([row], schema=x12_rows.SCHEMAS["remit_claims"])
        paid = pa.array([7], pa.decimal128(18, 2))
        place = rows.column_names.index("paid_amount")
        rows = rows.set_column(place, "paid_amount", paid).drop_columns("_arrival_date")
        batch.add("x12", "remit_claims", x12_rows.UNDATED, rows)
    assert lines(lake)[1:] == [
        ("dollars", "clearinghouse", ["1299.00", "1306.00"], False),
        # its payment came first in another file, and is counted there
        ("dollars", "clearinghouse: good.835", ["0.00", "7.00"], False),
    ]


def test_a_claim_whose_amount_cannot_be_read_is_what_its_payment_leaves(
    lake: Lake, folder: Path
) -> None:
    both = remit(remit_claim(), UNREADABLE)
    (folder / "unreadable.835").write_bytes(interchange(group(transaction("835", both)), number=9))
    x12.load_folder(lake, folder, "clearinghouse")
    assert all(line.passed for line in account_for_files(lake))
    assert lines(lake)[1][2] == ["1539.00"] * 2


def test_what_leaves_quarantine_is_counted_once(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Claims, a payment with a claim that is held anew, and test files that are accepted later."""
    with stricter(monkeypatch, claims=("A2", "B1", "ACCT1"), payments=("0002",)):
        lake = load(settings)
    assert all(line.passed for line in account_for_files(lake))
    with stricter(monkeypatch, claims=("B1",)):
        replay.replay(settings, LAST_DAY)
    assert all(line.passed for line in account_for_files(lake)), lines(lake)
    accepting = settings.model_copy(update={"x12_accept_test": True})
    replay.replay(accepting, LAST_DAY)
    load(accepting)
    assert all(line.passed for line in account_for_files(lake)), lines(lake)
    dollars = [line.amount for line in account_for_files(lake) if line.subject == "dollars"]
    assert dollars == [7 * 120 + 3 * 200]
