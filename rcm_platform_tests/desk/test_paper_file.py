"""A remittance that was entered from paper is an 835 that our reader and others take as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcm_platform.desk.paper.remittance import Answer, Payer, RemittanceRefused
from rcm_platform.desk.paper.x12 import read_back, rendered, reversed_file
from rcm_platform.lake import Lake
from rcm_platform.sources.x12 import load_folder
from rcm_platform_tests.support import pyx12_oracle
from rcm_platform_tests.support.paper_remittances import AS_OF, answer, claim, remittance

LATER = date(2026, 2, 1)
CENTS = st.integers(min_value=0, max_value=10**9)


def loaded(folder: Path, data: bytes) -> Lake:
    """What our reader makes of a file, with nothing held back."""
    files = folder / "files"
    files.mkdir(parents=True)
    (files / "paper.edi").write_bytes(data)
    lake = Lake(folder / "lake")
    load_folder(lake, files, "paper_remittances", accept_test=False)
    assert lake.query(f"select reason from {lake.scan('platform', 'quarantine')}") == []
    assert lake.query(f"select kind, rule from {lake.scan('x12', 'diagnostics')}") == []
    return lake


def rows(lake: Lake, table: str, columns: str) -> list[tuple[Any, ...]]:
    return lake.query(f"select {columns} from {lake.scan('x12', table)} order by all")


def balanced(number: int, parts: list[tuple[str, str, int]], paid: int) -> Answer:
    """A claim whose charge is what was paid and adjusted."""
    adjustments = tuple((group, reason, str(Decimal(c).scaleb(-2))) for group, reason, c in parts)
    charge = Decimal(paid + sum(c for *_, c in parts)).scaleb(-2)
    return answer(f"N{number}", str(Decimal(paid).scaleb(-2)), adjustments, charge_amount=charge)


PARTS = st.lists(
    st.tuples(
        st.sampled_from(("CO", "PR", "OA", "PI")),
        st.sampled_from(("1", "2", "45", "50", "197", "253")),
        st.integers(min_value=1, max_value=10**9),
    ),
    max_size=20,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(claims=st.lists(st.tuples(PARTS, CENTS), min_size=1, max_size=4))
def test_every_amount_is_read_back_to_the_cent(
    tmp_path_factory: pytest.TempPathFactory, claims: list[tuple[list[tuple[str, str, int]], int]]
) -> None:
    answers = [balanced(number, *one) for number, one in enumerate(claims)]
    one = remittance(*answers)
    lake = loaded(tmp_path_factory.mktemp("paper"), rendered(one, "entry"))
    assert rows(lake, "remit_payments", "payment_amount, trace_number, payment_date") == [
        (one.amount, "0012345", date(2025, 12, 29))
    ]
    assert rows(
        lake,
        "remit_claims",
        "patient_control_number, charge_amount, paid_amount, patient_responsibility_amount",
    ) == sorted(
        (a.claim.claim_id, a.charge_amount, a.paid_amount, a.patient_amount) for a in answers
    )
    assert rows(lake, "remit_adjustments", "claim_no, group_code, reason_code, amount") == sorted(
        (number, part.group_code, part.reason_code, part.amount)
        for number, a in enumerate(answers, start=1)
        for part in a.adjustments
    )


def test_a_file_says_who_pays_whom_and_from_which_day_it_counts(tmp_path: Path) -> None:
    one = remittance(answer(payer_claim_number=None))
    lake = loaded(tmp_path, rendered(one, "entry"))
    assert rows(
        lake, "remit_payments", "payer_name, payer_id, payee_name, payee_npi, payee_tin, "
        "payment_method, _arrival_date",
    ) == [
        ("Beacon Mutual", "P01", "Lakeshore General Hospital", "1234567893", "123456789", "CHK",
         AS_OF),
    ]  # fmt: skip
    [(number, *others)] = rows(
        lake,
        "remit_claims",
        "payer_claim_number, claim_status_code, patient_last_name, patient_first_name, "
        "statement_from_date",
    )
    assert others == ["1", "O'Nunez Lee", "Ann", date(2025, 11, 3)]
    assert number.startswith("PAPER")


def test_pyx12_finds_nothing_wrong() -> None:
    ones = [
        remittance(),
        remittance(answer("A1"), answer("A2", "0", (("CO", "50", "100.00"),), status_code="4")),
        remittance(answer("A3", "0", (("PR", "1", "100"),)), method="ACH"),
        remittance(answer("A4", payer_claim_number=None), method="ACH"),
        remittance(
            answer("A5", "20", tuple(("CO", str(code), "10") for code in (45, 50, 97, 197, 253, 1,
                                                                          2, 3))),
        ),
        remittance(answer(claim=claim(answered_number="OTHER 1"))),
        remittance(answer(claim=claim(patient_last_name=None, patient_first_name=None))),
    ]  # fmt: skip
    files = [rendered(one, str(number)) for number, one in enumerate(ones)]
    files += [taken_back(data, f"back {number}") for number, data in enumerate(files)]
    texts = [data.decode() for data in files]
    assert pyx12_oracle.errors(texts, [f"file {number}" for number in range(len(texts))]) == []


def taken_back(data: bytes, entry_id: str = "back") -> bytes:
    return reversed_file(data, entry_id, "bea", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), LATER)


def test_what_takes_it_back_has_the_opposite_dollars(tmp_path: Path) -> None:
    one = remittance(
        answer(), answer("A2", "0", (("CO", "50", "120"), ("CO", "45", "-20")), status_code="4")
    )
    data = taken_back(rendered(one, "entry"))
    lake = loaded(tmp_path, data)
    assert rows(lake, "remit_payments", "payment_amount, payment_date, _arrival_date") == [
        (Decimal("-80.00"), LATER, LATER)
    ]
    assert rows(
        lake,
        "remit_claims",
        "patient_control_number, claim_status_code, payer_claim_number, charge_amount, "
        "paid_amount, patient_responsibility_amount",
    ) == [
        ("A-17", "22", "ICN 7", Decimal("-100.00"), Decimal("-80.00"), Decimal("-5.00")),
        ("A2", "22", "ICN 7", Decimal("-100.00"), Decimal("0.00"), Decimal("0.00")),
    ]
    assert rows(lake, "remit_adjustments", "reason_code, amount") == [
        ("2", Decimal("-5.00")), ("45", Decimal("-15.00")), ("45", Decimal("20.00")),
        ("50", Decimal("-120.00")),
    ]  # fmt: skip
    found = read_back(data)
    assert (found.is_reversal, found.entered_by) == (True, "bea")


def test_the_desk_reads_back_who_entered_it_and_when() -> None:
    one = remittance(answer("A1"), answer("A2"))
    found = read_back(rendered(one, "entry"))
    assert (found.entered_by, found.entered_at, found.arrival_date) == (
        "ada",
        one.entered_at,
        AS_OF,
    )
    assert (found.check_number, found.amount, found.claim_ids) == (
        "0012345", Decimal("160.00"), ("A1", "A2"),
    )  # fmt: skip
    by_another = remittance(answer("A1"), answer("A2"), entered_by="bea")
    assert found.content == read_back(rendered(by_another, "other")).content


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7", b"ISA*00~\n", "é".encode("latin-1")])
def test_a_file_of_somebody_else_is_told(junk: bytes) -> None:
    with pytest.raises(ValueError, match="none that the desk wrote"):
        read_back(junk)


def test_hostile_names_cannot_end_a_segment() -> None:
    name = "Evil~IEA*1*000000001~ISA*00:^\n\x00\u202e" + "x" * 200
    one = remittance(
        answer(claim=claim(patient_last_name=name)), entered_by=name, payer=Payer("P01", name)
    )
    data = rendered(one, "entry")
    assert data.count(b"ISA") == data.count(b"ISA*00") + 3
    assert data.count(b"~") == rendered(remittance(), "entry").count(b"~")
    assert len(read_back(data).entered_by) == 60


@pytest.mark.parametrize("number", ["A*7", "A~7", "A:7", " A7", "Ä7", "", "9" * 39])
def test_a_claim_number_that_cannot_be_found_again_is_refused(number: str) -> None:
    with pytest.raises(RemittanceRefused, match="cannot stand in an X12 file"):
        rendered(remittance(answer(claim=claim(number))), "entry")
