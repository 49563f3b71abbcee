"""The run after a paper remittance was entered posts it to its claim, whatever brings the claim."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rcm_platform.desk.paper import folder
from rcm_platform.desk.paper.remittance import Payer
from rcm_platform.desk.paper.x12 import rendered
from rcm_platform.explain.source_excerpts import Archive
from rcm_platform.publish.versions import open_published
from rcm_platform.settings import Settings
from rcm_platform_tests.conftest import RunCli
from rcm_platform_tests.support.paper_remittances import answer, claim, remittance

PRACTICE = "x12_folder"
"""The source of claims of practices that files alone name."""


def published(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    with open_published(settings.published_dir, "operations") as con:
        return con.execute(sql).fetchall()


@pytest.mark.prove
def test_a_hospital_s_claims_are_posted_from_paper(
    copied: Settings, rcm: RunCli, cli: RunCli
) -> None:
    (paid, charge, facility), (denied, denied_charge, _) = published(
        copied,
        "select claim_key, charge_amount, facility_key from fct_claims "
        "inner join dim_facility using (facility_key) where remit_count = 0 "
        "and first_submitted_date is not null and npi is not null and charge_amount > 100 "
        "and fct_claims.source_system = 'hospital_a' order by payer_key, claim_key limit 2",
    )
    words = [
        "desk", "remittance", f"{paid} {charge - 30} CO-45=20 PR-2=10",
        f"{denied} 0 CO-197={denied_charge} status=4", "--check", "77 001",
        "--paid-on", str(copied.world_through), "--amount", str(charge - 30), "--note", "image 33",
        "--by", "ada",
    ]  # fmt: skip
    told = cli(*words, home=copied.home)
    assert told.returncode == 0, told.stderr
    [kept] = folder.latest(copied, 10)
    assert f"is stored in {kept.name}. `rcm run` posts it." in told.stdout
    # the same command again is the same entry; another person's is told
    assert cli(*words, home=copied.home).returncode == 0
    again = cli(*words[:-1], "bea", home=copied.home)
    assert (again.returncode, "entered already, by ada" in again.stderr) == (1, True)
    assert len(folder.latest(copied, 10)) == 1

    done = rcm("run", home=copied.home, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    found = published(
        copied,
        "select claim_key, payer_paid_amount, contractual_amount, patient_responsibility_amount, "
        "denied_amount, claim_status, remit_count from fct_claims "
        f"where claim_key in ('{paid}', '{denied}') order by claim_key",
    )
    nothing = Decimal(0)
    assert found == [
        (paid, charge - 30, Decimal(20), Decimal(10), nothing, "patient", 1),
        (denied, nothing, nothing, nothing, denied_charge, "denied", 1),
    ]
    assert published(
        copied,
        "select claim_key, denied_amount, reason_code from fct_denial_events "
        f"where claim_key = '{denied}'",
    ) == [(denied, denied_charge, "197")]
    # nothing is wrong with it but that the notice has no number of the payer's, and each entry is
    # traced to its segment
    found = published(
        copied,
        f"select distinct rule_id from mart_data_exceptions where source_file = '{kept.name}'",
    )
    assert found == [("M3",)]
    posted = published(
        copied,
        "select distinct source_system, source_file, source_position from fct_ledger_entries "
        f"where claim_key = '{paid}' and source_file = '{kept.name}'",
    )
    assert posted
    for system, file, position in posted:
        [meant] = [
            one for one in Archive(copied).find(system, file, position).lines if one.is_meant
        ]
        assert meant.text.startswith(("CLP*", "CAS*"))
    assert published(
        copied,
        "select match_confidence, facility_key, trace_number, recorded_date from fct_remittances "
        f"where claim_key = '{paid}'",
    ) == [("certain", facility, "77 001", copied.world_through)]
    entries = published(copied, "select claim_key, made_by, action_label from fct_work_entries")
    expected = [(number, "ada", "Entered a paper remittance") for number in (paid, denied)]
    assert sorted(entries) == sorted(expected)

    told = cli("desk", "take-back", kept.name, "--why", "Wrong claim", home=copied.home)
    assert told.returncode == 0, told.stderr
    done = rcm("run", home=copied.home, world_size="tiny")
    assert done.returncode == 0, done.stdout + done.stderr
    assert published(
        copied,
        "select claim_key, payer_paid_amount, contractual_amount, denied_amount, "
        "open_amount + patient_paid_amount "
        f"from fct_claims where claim_key in ('{paid}', '{denied}') order by claim_key",
    ) == [(paid, nothing, nothing, nothing, charge),
          (denied, nothing, nothing, nothing, denied_charge)]  # fmt: skip


@pytest.mark.prove
def test_a_practice_that_files_alone_name_is_posted_from_paper(
    tmp_path: Path, rcm: RunCli, cli: RunCli
) -> None:
    """Its second payer answers on paper, and later by a file, which then counts."""
    settings = Settings(home=tmp_path / "home", world=False, x12_dir=tmp_path / "in")
    given = {"home": settings.home, "world": "off", "x12_dir": settings.x12_dir}
    for path in (settings.home, tmp_path / "in"):
        path.mkdir()

    def deliver(name: str, day: date, *answers: Any, **more: Any) -> None:
        # what a payer sends names the company that pays
        data = rendered(remittance(*answers, arrival_date=day, payment_date=day, **more), name)
        (tmp_path / "in" / name).write_bytes(data.replace(b"1999999999", b"1770000001"))

    def ran() -> None:
        done = rcm("run", **given)
        assert done.returncode == 0, done.stdout + done.stderr

    def paid(number: str) -> list[tuple[Any, ...]]:
        return published(
            settings,
            "select payer_paid_amount, open_amount, remit_count, source_system "
            f"from fct_claims where claim_id = '{number}'",
        )

    first = answer(claim=claim("A-17", source_system=PRACTICE))
    deliver("first.835", date(2025, 11, 20), first, answer("B-1"), check_number="500")
    second = Payer("P02", "Union Health")
    deliver("other.835", date(2025, 12, 1), answer("B-2"), payer=second, check_number="700")
    ran()
    told = cli(
        "desk", "remittance", "A-17 5.00 OA-23=95.00 status=2", "--payer", "union health",
        "--check", "701", "--paid-on", "2025-12-01", "--amount", "5", "--by", "ada", **given,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    ran()
    assert paid("A-17") == [(Decimal(85), Decimal(0), 2, PRACTICE)]
    [kept] = folder.latest(settings, 1)
    assert kept.name.startswith("x12_folder/")

    by_file = answer("A-17", "5.00", (("OA", "23", "95.00"),), status_code="2")
    deliver("late.835", date(2025, 12, 20), by_file, payer=second, check_number="0701")
    ran()
    assert paid("A-17") == [(Decimal(85), Decimal(0), 2, PRACTICE)]
    assert published(
        settings, "select rule_id, source_file from mart_data_exceptions where rule_id = 'D3'"
    ) == [("D3", kept.name)]
    assert published(
        settings,
        "select source_file from fct_remittances where trace_number in ('701', '0701')",
    ) == [("late.835",)]
