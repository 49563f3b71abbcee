"""The place that an entry names shows what was received there."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from rcm_platform.explain import source_excerpts
from rcm_platform.ingest import lake_access, load
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import Built

DEPOSITS = "bank_deposits_20250115.csv"


def isa(element: str, terminator: str) -> str:
    parts = ["ISA", "00", " " * 10, "00", " " * 10, "ZZ", "S".ljust(15), "ZZ", "R".ljust(15)]
    parts += ["250101", "1200", "^", "00501", "000000001", "0", "P", ":"]
    return element.join(parts) + terminator


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    x12, treasury = tmp_path / "x12", tmp_path / "treasury"
    x12.mkdir()
    treasury.mkdir()
    first = isa("*", "~") + "GS*HP~ST*835*1~CLP*A*1~SE*3*1~GE*1*1~IEA*1*000000001~"
    second = isa("|", "!") + "\nGS|HP!\nST|835|1!\nCLP|B|1!\nSE|3|1!\nGE|1|1!\nIEA|1|000000001!"
    (x12 / "two.edi").write_text(first + "\n" + second)
    (treasury / DEPOSITS).write_text('\ufeffdeposit_id,amount\nD1,5.00\n"D,2",7.00\n')
    settings = Settings(home=tmp_path, world=False, x12_dir=x12, treasury_dir=treasury)
    with lake_access.writing(settings) as lake:
        for source in ("x12_folder", "treasury"):
            load.load_source(settings, lake, source)
    return settings


def find(settings: Settings, file: str, position: str) -> source_excerpts.Evidence:
    return source_excerpts.Archive(settings).find("h", file, position)


@pytest.mark.parametrize(("position", "text"), [("1/4", "CLP*A*1"), ("2/4", "CLP|B|1")])
def test_a_segment_is_found_in_its_interchange(
    settings: Settings, position: str, text: str
) -> None:
    found = find(settings, "two.edi", position)
    assert [line.text for line in found.lines if line.is_meant] == [text]
    assert [line.label for line in found.lines] == [f"{position[0]}/{at}" for at in range(1, 8)]


def test_a_row_is_shown_with_its_column_names(settings: Settings) -> None:
    found = find(settings, DEPOSITS, "2")
    assert [(line.label, line.text) for line in found.lines] == [
        ("deposit_id", "D,2"),
        ("amount", "7.00"),
    ]


@pytest.mark.parametrize(
    ("file", "position", "note"),
    [
        ("gone.edi", "1/4", "no longer where it was received"),
        ("two.edi", "3/4", "nothing at this place"),
        ("two.edi", "1/99", "nothing at this place"),
        (DEPOSITS, "9", "nothing at this place"),
        ("../x12/two.edi", "1/4", "no longer where it was received"),
    ],
)
def test_what_is_not_there_is_said(settings: Settings, file: str, position: str, note: str) -> None:
    found = find(settings, file, position)
    assert not found.lines
    assert note in found.note


def test_another_content_under_the_same_name_is_not_shown(settings: Settings) -> None:
    assert settings.x12_dir
    file = settings.x12_dir / "two.edi"
    file.write_text(file.read_text().replace("CLP*A", "CLP*Z"))
    found = find(settings, "two.edi", "1/4")
    assert not found.lines
    assert "changed since it was received" in found.note


def test_of_two_files_of_a_name_the_one_that_was_received_is_shown(settings: Settings) -> None:
    assert settings.x12_dir
    (settings.x12_dir / DEPOSITS).write_text("deposit_id,amount\nnever,1.00\nreceived,2.00\n")
    assert [line.text for line in find(settings, DEPOSITS, "2").lines] == ["D,2", "7.00"]


def test_a_visit_leads_to_what_its_hospital_recorded_and_that_work_is_its_own(
    built: Built,
) -> None:
    with built.warehouse() as con:
        visits = con.execute(
            """
            select source_system, encounter_id, work_rvu from marts.fct_encounters
            where work_rvu is not null
            qualify row_number() over (partition by source_system order by encounter_key) <= 3
            """
        ).fetchall()
    assert len(visits) == 6
    archive = source_excerpts.Archive(built.settings)
    for hospital, visit, work_rvu in visits:
        found = archive.of_visit(hospital, visit)
        assert [place.file for place in found][:2] == ["encounters", "procedures"]
        rows = [{line.label: line.text for line in place.lines} for place in found]
        assert {row["encounterid"] for row in rows} == {visit}
        recorded = sum(
            Decimal(row["workrvu"]) * int(row["units"])
            for place, row in zip(found, rows, strict=True)
            if place.file == "procedures"
        )
        assert recorded == work_rvu, visit
    assert archive.of_visit("nowhere", visit) == []


def test_every_kind_of_entry_leads_to_what_was_received(built: Built) -> None:
    with built.warehouse() as con:
        rows = con.execute(
            """
            select source_system, event_type, source_file, source_position,
                abs(coalesce(nullif(ar_amount, 0), nullif(cash_amount, 0), memo_amount))
            from marts.fct_ledger_entries
            qualify row_number() over (
                partition by source_system, event_type order by ledger_entry_key
            ) = 1
            """
        ).fetchall()
    assert len(rows) > 20
    archive = source_excerpts.Archive(built.settings)
    for source_system, event_type, file, position, amount in rows:
        found = archive.find(source_system, file, position)
        texts = [line.text for line in found.lines if line.is_meant]
        amounts = {f"{amount:f}", f"{amount:f}".rstrip("0").rstrip(".")}
        said = {part for text in texts for part in re.split(r"[*|\x1d]", text)}
        assert amounts & {part.lstrip("-") for part in said}, (event_type, file, position, texts)
