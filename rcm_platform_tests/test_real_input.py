"""Sources that no one here wrote: a public Synthea export and public X12 files, without a world."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli

CHECKOUT = Path(__file__).parents[1]
FIXTURES = Path(os.environ.get("RCM_FIXTURES_DIR") or CHECKOUT.parent / "shared" / "fixtures")

needs_fixtures = pytest.mark.skipif(
    not (FIXTURES / "synthea").is_dir(), reason="set RCM_FIXTURES_DIR to the public sample files"
)

# per export: rows by table, dollars by type of transaction, claims with a credit balance
EXPORTS = {
    "synthea": {
        "rows": {
            "patients": 27,
            "encounters": 604,
            "claims": 1_267,
            "claims_transactions": 5_228,
            "payers": 10,
            "providers": 166,
            "organizations": 63,
            "procedures": 249,
            "conditions": 438,
            "payer_transitions": 1_051,
        },
        "ledger": {"charges": "1092402.73", "cash": "1103503.95", "transfers": "557125.52"},
        "credits": (190, "-11101.22"),
    },
    "synthea_large": {
        "rows": {
            "patients": 1_172,
            "encounters": 82_110,
            "medications": 81_767,
            "claims": 163_877,
            "claims_transactions": 965_876,
            "procedures": 156_911,
            "conditions": 41_627,
            "payer_transitions": 11_825,
            "payers": 10,
            "providers": 324,
            "organizations": 324,
        },
        "ledger": {"charges": "236628722.32", "cash": "236628722.32", "transfers": "24204307.96"},
        "credits": (0, None),
    },
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
    expected, mine = EXPORTS[export], Settings(home=tmp_path, world=False)
    with duckdb.connect() as con:
        for table, rows in expected["rows"].items():
            files = f"{mine.lake_dir}/synthea/{table}/*/*.parquet"
            assert con.execute(f"select count(*) from '{files}'").fetchall() == [(rows,)], table
    with duckdb.connect(str(mine.warehouse_path), read_only=True) as con:
        charges, cash, transfers = con.execute(
            """
            select sum(ar_amount) filter (event_type = 'CHARGE'), sum(cash_amount),
                sum(memo_amount) filter (memo_amount > 0)
            from marts.fct_ledger_entries
            """
        ).fetchall()[0]
        assert {"charges": str(charges), "cash": str(cash), "transfers": str(transfers)} == (
            expected["ledger"]
        )
        claims, credits = con.execute(
            "select count(*), sum(open_amount) from marts.fct_claims where open_amount < 0"
        ).fetchall()[0]
        assert (claims, str(credits) if credits is not None else None) == expected["credits"]
        assert con.execute("select count(*) from marts.fct_claims where open_amount > 0").fetchall()
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
