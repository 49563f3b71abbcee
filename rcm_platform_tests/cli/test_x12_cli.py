"""`rcm x12 read`: tables from files, with nothing set up."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from rcm_platform.cli.app import app
from rcm_platform.sources.x12 import tidy
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support.x12_samples import (
    accepted,
    acknowledged_file,
    functional_file,
    institutional_file,
    remit_claim,
    remit_file,
    submitted_file,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of all sets in two folders; one claim of 119.00 does not balance, one file is none."""
    # whatever it needed of a home or a setting would fail
    monkeypatch.setenv("RCM_HOME", "/nowhere/at/all")
    root = tmp_path / "in"
    files = {
        "pay/one.835": remit_file(remit_claim("A1"), remit_claim("A2")),
        "pay/again.835": remit_file(remit_claim("A1"), remit_claim("A2")),
        "pay/off.835": remit_file(
            remit_claim("B1"), remit_claim("B2", paid="119"), number=2
        ).replace(b"BPR*I*240", b"BPR*I*239"),
        "pro.837": submitted_file(),
        "inst.837": institutional_file(),
        "acks/a.277": acknowledged_file(),
        "acks/f.999": functional_file(accepted()),
        "notes.txt": b"call the payer",
        ".hidden": b"x",
    }
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def read(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["x12", "read", *map(str, arguments)])


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_set_becomes_tables_with_what_was_held_beside_them(folder: Path) -> None:
    out = folder.parent / "out"
    done = read(folder, "--csv", out)
    assert done.exit_code == 1, done.output
    assert {path.stem for path in out.iterdir()} == set(tidy.SCHEMAS)
    assert [row["patient_control_number"] for row in rows(out, "remit_claims")] == [
        "A1",
        "A2",
        "B1",
    ]
    [first, *_] = rows(out, "remit_adjustments")
    assert (first["trace_number"], first["patient_control_number"]) == ("TRACE1", "A1")
    assert Path(first["file"]) == folder / "pay/again.835"
    assert len(rows(out, "submitted_claims")) == 2
    assert len(rows(out, "ack_claims")) == len(rows(out, "functional_acks")) == 1
    held = {row["rule"]: row for row in rows(out, "findings") if row["became"] == "held"}
    assert set(held) == {"B2", "E1"}
    assert held["B2"]["dollars"] == "119.00"
    became = [row["became"] for row in rows(out, "files")]
    assert sorted(became) == ["held", *["read"] * 5, "read in part", "repeated"]


def test_the_screen_shows_totals_and_findings_and_no_name(folder: Path, rcm: RunCli) -> None:
    done = rcm("x12", "read", str(folder))
    for text in ("479.00", "Held: 2 pieces, $119.00", "B2", "ask the sender", "8 files"):
        assert text in done.stdout
    assert "JANE" not in done.stdout


def test_parquet_has_exact_amounts(folder: Path) -> None:
    out = folder.parent / "out"
    assert read(folder / "pay/one.835", folder / "pro.837", "--parquet", out).exit_code == 0
    claims = pq.read_table(out / "remit_claims.parquet")
    assert pc.sum(claims["paid_amount"]).as_py() == Decimal("240.00")
    assert claims.schema == tidy.SCHEMAS["remit_claims"]


def test_few_rows_are_shown_and_all_are_written(folder: Path, rcm: RunCli) -> None:
    out = folder.parent / "out"
    (folder / "many.835").write_bytes(
        remit_file(*(remit_claim(f"M{number}") for number in range(40)), number=9)
    )
    done = rcm("x12", "read", str(folder / "many.835"), "--csv", str(out), "--limit", "3")
    assert "40, the first 3" in done.stdout
    assert ("M2 " in done.stdout, "M3 " in done.stdout) == (True, False)
    assert len(rows(out, "remit_claims")) == 40


@pytest.mark.parametrize("path", ["missing.835", "empty"])
def test_a_path_with_nothing_in_it_is_said(folder: Path, path: str) -> None:
    (folder / "empty").mkdir()
    done = read(folder / path)
    assert done.exit_code == 2
    assert "there" in done.output
