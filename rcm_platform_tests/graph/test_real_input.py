"""Sources that no one here wrote: a public Synthea export and public X12 files, without a world."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

CHECKOUT = Path(__file__).parents[2]
FIXTURES = Path(os.environ.get("RCM_FIXTURES_DIR") or CHECKOUT.parent / "shared" / "fixtures")

needs_fixtures = pytest.mark.skipif(
    not (FIXTURES / "synthea").is_dir(), reason="set RCM_FIXTURES_DIR to the public sample files"
)

# per export: dollars in the ledger, claims with a credit balance and what they are worth
# (that raw has every row and cent of an export is the reader's own test)
EXPORTS = {
    "synthea": ("1092402.73", "1103503.95", "557125.52", "190", "-11101.22"),
    "synthea_large": ("236628722.32", "236628722.32", "24204307.96", "0", "0.00"),
}


@needs_fixtures
@pytest.mark.parametrize(
    "export", ["synthea", pytest.param("synthea_large", marks=pytest.mark.prove)]
)
def test_a_synthea_export_keeps_every_row_and_every_cent(
    export: str, rcm: RunCli, tmp_path: Path
) -> None:
    done = rcm("run", home=tmp_path, world="off", synthea_dir=FIXTURES / export)
    assert done.returncode == 0, done.stdout + done.stderr
    mine = Settings(home=tmp_path, world=False)
    with duckdb.connect(str(mine.warehouse_path), read_only=True) as con:
        ledger = con.execute(
            """
            select sum(ar_amount) filter (event_type = 'CHARGE'), sum(cash_amount),
                sum(memo_amount) filter (memo_amount > 0)
            from marts.fct_ledger_entries
            """
        ).fetchall()[0]
        credits = con.execute(
            "select count(*), coalesce(sum(open_amount), 0) from marts.fct_claims "
            "where open_amount < 0"
        ).fetchall()[0]
        assert tuple(map(str, (*ledger, *credits))) == EXPORTS[export]
        # what is overpaid is not money owed to us
        assert con.execute("select count(*) from marts.mart_claim_priority_queue").fetchall() == [
            (0,)
        ]


@needs_fixtures
def test_every_x12_file_is_loaded_or_quarantined_with_a_rule(rcm: RunCli, tmp_path: Path) -> None:
    folder = FIXTURES / "x12"
    done = rcm("run", home=tmp_path, world="off", x12_dir=folder, x12_accept_test=1)
    assert done.returncode == 0, done.stdout + done.stderr
    mine = Settings(home=tmp_path, world=False)
    lake = mine.lake_dir
    with duckdb.connect() as con:
        received = con.execute(
            f"""
            select source_file, byte_count, loaded_byte_count + quarantined_byte_count
                + duplicate_byte_count + padding_byte_count
            from '{lake}/platform/received_files/*/*.parquet'
            """
        ).fetchall()
        rules = con.execute(
            f"select count(*) from '{lake}/platform/quarantine/*/*.parquet' where rule_id is null"
        ).fetchall()
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {name for name, _, _ in received} == files
    assert all(size == accounted for _, size, accounted in received)
    assert rules == [(0,)]
    with duckdb.connect(str(mine.warehouse_path), read_only=True) as con:
        assert con.execute(
            "select sum(unexplained_amount) from marts.mart_cash_reconciliation"
        ).fetchall() == [(Decimal(0),)]


def test_absent_sources_are_named_and_the_rest_goes_on(rcm: RunCli, tmp_path: Path) -> None:
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
