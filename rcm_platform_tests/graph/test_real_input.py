"""Sources of one's own, without a world: a public Synthea export, public X12 files, remittances of
which some are held, and sources that are absent. One run of them all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from rcm_platform.assets.raw import raw_key
from rcm_platform.ingest import lake_access, load
from rcm_platform.ingest.quarantine import decisions, items, replay
from rcm_platform.operate import pipeline
from rcm_platform.publish import versions
from rcm_platform.settings import Settings
from rcm_platform_tests.cli.test_quarantine_cli import REMIT
from rcm_platform_tests.conftest import Built, RunCli
from rcm_platform_tests.support import outside_files

# per export: dollars in the ledger, claims with a credit balance and what they are worth
# (that raw has every row and cent of an export is the reader's own test)
EXPORTS = {
    "synthea": ("1092402.73", "1103503.95", "557125.52", "190", "-11101.22"),
    "synthea_large": ("236628722.32", "236628722.32", "24204307.96", "0", "0.00"),
}
# what is done with each remittance of ours that was held
DECISIONS = {
    "off.835": "corrected",
    "closed.835": "closed",
    "test.835": "released",
    "open.835": "open",
}
LEFT_OPEN = Decimal("99.50")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, rcm: RunCli) -> Built:
    """A run after one of four held remittances was closed, one released and one corrected."""
    home = tmp_path_factory.mktemp("own")
    folder = home / "in"
    folder.mkdir()

    def put(name: str, number: int, date: str = "250310", paid: str = "140", usage: str = "P"):
        text = REMIT.format(number=number, usage=usage, paid=paid, date=date)
        (folder / name).write_text(text)

    put("good.835", 1)
    put("off.835", 2, paid="139")
    put("test.835", 5, usage="T")
    put("closed.835", 6, paid="100")
    put("open.835", 7, paid="99.5")
    settings = Settings(home=home, world=False, x12_dir=folder)
    with lake_access.writing(settings) as lake:
        load.load_source(settings, lake, "x12_folder")
    held = {item.source_file: item.quarantine_id for item in items.items(lake)}
    as_of = pipeline.as_of_date(settings, lake_access.open_lake(settings))
    decisions.close(settings, as_of, held["closed.835"], "sent again", "ann")
    replay.release(settings, as_of, held["test.835"], "known to us", "ann")
    put("corrected.835", 2, date="250311")
    if outside_files.X12.is_dir():
        shutil.copytree(outside_files.X12, folder / "public")

    done = rcm(
        "run",
        home=home,
        world="off",
        x12_dir=folder,
        x12_accept_test=1,
        synthea_dir=outside_files.SYNTHEA,
        treasury_dir="nowhere",
        hospital_a_url="mysql://reader:secret@127.0.0.1:1/hospital",
    )
    return Built(settings, done.returncode, done.stdout + done.stderr)


@pytest.fixture
def marts(own: Built) -> Iterator[duckdb.DuckDBPyConnection]:
    with own.warehouse() as con:
        yield con


def ledger(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Of the export: charges, cash, memos, and the claims with a credit balance."""
    [sums] = con.execute(
        """
        select sum(ar_amount) filter (event_type = 'CHARGE'), sum(cash_amount),
            sum(memo_amount) filter (memo_amount > 0)
        from marts.fct_ledger_entries where source_system = 'synthea'
        """
    ).fetchall()
    [credits] = con.execute(
        "select count(*), coalesce(sum(open_amount), 0) from marts.fct_claims "
        "where open_amount < 0 and source_system = 'synthea'"
    ).fetchall()
    return tuple(map(str, (*sums, *credits)))


def owed(con: duckdb.DuckDBPyConnection) -> int:
    """Claims of the export that someone must work on."""
    [(count,)] = con.execute(
        "select count(*) from marts.mart_claim_priority_queue where source_system = 'synthea'"
    ).fetchall()
    return int(count)


@outside_files.needs(outside_files.SYNTHEA)
def test_a_synthea_export_keeps_every_row_and_every_cent(marts: duckdb.DuckDBPyConnection) -> None:
    assert ledger(marts) == EXPORTS["synthea"]
    assert owed(marts) == 0, "what is overpaid is not money owed to us"


@pytest.mark.prove
@outside_files.needs(outside_files.SYNTHEA_LARGE)
def test_a_large_synthea_export_keeps_every_row_and_every_cent(rcm: RunCli, tmp_path: Path) -> None:
    done = rcm("run", home=tmp_path, world="off", synthea_dir=outside_files.SYNTHEA_LARGE)
    assert done.returncode == 0, done.stdout + done.stderr
    with Built(Settings(home=tmp_path, world=False), 0, "").warehouse() as con:
        assert ledger(con) == EXPORTS["synthea_large"]
        assert owed(con) == 0


@outside_files.needs(outside_files.X12)
def test_every_x12_file_is_loaded_or_quarantined_with_a_rule(
    own: Built, marts: duckdb.DuckDBPyConnection
) -> None:
    lake, folder = own.settings.lake_dir, own.settings.x12_dir
    assert folder
    with duckdb.connect() as con:
        received = con.execute(
            f"""
            select source_file, byte_count, loaded_byte_count + quarantined_byte_count
                + duplicate_byte_count + padding_byte_count
            from '{lake}/platform/received_files/*/*.parquet'
            where source_system = 'x12_folder'
            """
        ).fetchall()
        rules = con.execute(
            f"select count(*) from '{lake}/platform/quarantine/*/*.parquet' where rule_id is null"
        ).fetchall()
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {name for name, _, _ in received} == files
    assert all(size == accounted for _, size, accounted in received)
    assert rules == [(0,)]
    assert marts.execute(
        "select sum(unexplained_amount) from marts.mart_cash_reconciliation"
    ).fetchall() == [(Decimal(0),)]


def test_absent_sources_are_named_and_the_rest_goes_on(own: Built) -> None:
    assert own.exit_code == 0, own.output
    for said in ("RCM_TREASURY_DIR", "RCM_HOSPITAL_A_URL", "Published"):
        assert said in own.output
    assert "secret" not in own.output


def test_open_in_quarantine_is_the_same_wherever_it_is_said(own: Built, cli: RunCli) -> None:
    """After a piece was closed, one released, one corrected and one left alone."""
    settings = own.settings
    lake = lake_access.open_lake(settings)
    mine = [item for item in items.items(lake) if item.source_file in DECISIONS]
    assert {item.source_file: item.status for item in mine} == DECISIONS
    assert [item.dollar_amount for item in mine if item.status == "open"] == [LEFT_OPEN]

    totals = items.open_totals(lake)
    assert {source for source, *_ in totals} == {"x12_folder"}
    count = sum(count for _, _, count, _ in totals)
    expected = sum((dollars for *_, dollars in totals), Decimal(0))
    assert expected >= LEFT_OPEN
    listed = cli(
        "quarantine", "list", "--all", home=settings.home, world="off", x12_dir=settings.x12_dir
    )
    assert f"open: {count}, ${expected:,.2f}" in listed.stdout
    report = json.loads((settings.data_dir / "last_run.json").read_text())
    assert [row[-2:] for row in report["sources"] if row[0] == "x12_folder"] == [
        [str(count), f"{expected:,.2f}"]
    ]
    with versions.open_published(settings.published_dir, "operations") as con:
        for query in (
            "select cast(quarantined as decimal(18, 2)) from published_version",
            "select sum(open_amount) from mart_quarantine_daily where date_day = "
            "(select max(date_day) from mart_quarantine_daily)",
        ):
            assert con.execute(query).fetchall() == [(expected,)], query
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        event = instance.get_latest_materialization_event(raw_key("platform", "quarantine"))
        assert event
        assert event.asset_materialization
        metadata = event.asset_materialization.metadata
    assert metadata["open items"].value == count
    assert metadata["open dollars"].value == float(expected)


@pytest.mark.prove
def test_without_any_source_that_answers_the_run_goes_on_and_publishes(
    rcm: RunCli, tmp_path: Path
) -> None:
    done = rcm(
        "run",
        home=tmp_path,
        world="off",
        synthea_dir="nowhere",
        x12_dir="nowhere",
        hospital_a_url="mysql://reader:secret@127.0.0.1:1/hospital",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("RCM_SYNTHEA_DIR", "RCM_X12_DIR", "RCM_HOSPITAL_A_URL", "Published"):
        assert said in done.stdout
    assert "secret" not in done.stdout + done.stderr
