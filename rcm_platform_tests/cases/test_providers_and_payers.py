"""One facility and one payer, whichever number or name a file gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rcm_platform.settings import Settings
from rcm_platform_tests.cases.conftest import Marts, dollars
from rcm_platform_tests.conftest import Built, RunCli

GROUP = Path(__file__).parent / "two_npis_one_hospital"


@pytest.fixture(scope="module")
def group(rcm: RunCli, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marts]:
    """A hospital whose list has several numbers: of the hospital, and of its physicians."""
    home = tmp_path_factory.mktemp("group")
    folders = {"x12_dir": GROUP / "x12", "operations_dir": GROUP / "operations"}
    done = rcm("run", home=home, world="off", **folders)
    assert done.returncode == 0, done.stdout + done.stderr
    with Built(Settings(home=home, world=False), 0, done.stdout).warehouse() as con:
        yield Marts(con)


@pytest.mark.parametrize(
    ("claim_id", "charge", "paid", "name"),
    [
        ("PRO-1", 300, 200, "Riverbend Physicians"),
        ("PRO-2", 150, 100, "Riverbend Hospital"),
        ("PRO-3", 700, 500, "Riverbend Hospital"),  # an NPI that only its tax identifier tells
    ],
)
def test_every_number_of_a_hospital_is_that_hospital(
    group: Marts, claim_id: str, charge: int, paid: int, name: str
) -> None:
    assert group.claim(claim_id) == dollars(charge=charge, paid=paid, contractual=charge - paid)
    assert facility(group, claim_id) == name
    systems = group.con.execute(
        "select source_system from marts.fct_claims where claim_id = ?", [claim_id]
    ).fetchall()
    assert systems == [("hospital_a",)]


def facility(marts: Marts, claim_id: str) -> str:
    [(name,)] = marts.con.execute(
        "select distinct facility_name from marts.fct_claims "
        "join marts.dim_facility using (facility_key) where claim_id = ?",
        [claim_id],
    ).fetchall()
    return str(name)


def payer(marts: Marts, claim_id: str) -> str:
    [(name,)] = marts.con.execute(
        "select distinct payer_name from marts.fct_remittances "
        "join marts.dim_payer using (payer_key) where claim_id = ?",
        [claim_id],
    ).fetchall()
    return str(name)


def test_a_payee_by_tax_id_is_who_billed_by_npi(marts: Marts) -> None:
    assert marts.claim("TIN-1") == dollars(charge=150, paid=90, contractual=40, patient=20, open=20)
    assert facility(marts, "TIN-1") == "RIVER CLINIC"
    assert "M18" in marts.rules("payee_by_tax_id")


def test_two_npis_of_one_tax_id_are_paid_together(marts: Marts) -> None:
    """One payment to the group, by a tax identifier with a hyphen: each claim finds its biller."""
    assert marts.claim("LAKE-1") == dollars(charge=150, paid=100, contractual=50)
    assert marts.claim("LAKE-2") == dollars(charge=900, paid=600, contractual=300)
    assert facility(marts, "LAKE-1") == "LAKE CLINIC"
    assert facility(marts, "LAKE-2") == "LAKE SURGEONS"


def test_a_payer_in_two_spellings_is_one(marts: Marts) -> None:
    claim = marts.claim("PAYER-1")
    assert claim.pop("denied", None) in (None, 150)  # was denied, and is not any more
    assert claim == dollars(charge=150, paid=110, contractual=40)
    assert payer(marts, "PAYER-1") == "NORTHWIND HEALTH PLAN"
    assert not {"M9", "M17"} & marts.rules("payer_named_two_ways")


def test_a_payer_without_identifier_is_guessed_and_said_to_be(marts: Marts) -> None:
    """By its name, and by the company that pays where the name begins alike."""
    assert payer(marts, "HARB-1") == "HARBOR BENEFIT TRUST"
    assert {"M17"} <= marts.rules("payer_by_company")
    assert "M9" not in marts.rules("payer_by_company")


@pytest.mark.parametrize(
    ("claim_id", "name"), [("HARB-2", "LAKESIDE MUTUAL"), ("HARB-3", "PRAIRIE MUTUAL")]
)
def test_a_company_that_pays_for_several_payers_tells_none(
    marts: Marts, claim_id: str, name: str
) -> None:
    assert payer(marts, claim_id) == name
