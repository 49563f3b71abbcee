"""What a clean 835, 837P and 277CA become: every column, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from x12_samples import (
    acknowledged_file,
    group,
    interchange,
    remit,
    remit_claim,
    remit_file,
    row_counts,
    rules,
    submitted,
    submitted_file,
    transaction,
)

from rcm_platform.sources import x12

KEYS = {
    "transaction_no": 1,
    "isa_control_number": "000000001",
    "gs_control_number": "1",
    "st_control_number": "0001",
}


def only(reading: x12.Reading, table: str) -> dict[str, object]:
    (row,) = reading.tables[table].to_pylist()
    return row


def test_a_remittance_lands_in_five_tables() -> None:
    plb = ["PLB*1234567893*20251231*L6:INT1*-5*WO:OLDCLAIM*25"]
    body = remit(remit_claim(), paid="100", plb=plb)
    reading = x12.parse(interchange(group(transaction("835", body))), "remits/a.835")
    assert rules(reading) == []
    assert row_counts(reading) == {
        "interchanges": 1,
        "remit_payments": 1,
        "remit_claims": 1,
        "remit_lines": 1,
        "remit_adjustments": 2,
        "remit_provider_adjustments": 2,
    }
    payment = only(reading, "remit_payments")
    assert payment | KEYS == payment
    assert (
        payment
        | {
            "handling_code": "I",
            "payment_amount": Decimal("100.00"),
            "credit_debit": "C",
            "payment_method": "ACH",
            "payment_date": date(2025, 3, 10),
            "trace_number": "TRACE1",
            "originating_company_id": "1512345678",
            "production_date": date(2025, 3, 9),
            "payer_name": "EXAMPLE HEALTH PLAN",
            "payer_id": "PLAN1",
            "payee_name": "EXAMPLE HOSPITAL",
            "payee_npi": "1234567893",
            "payee_tin": None,
            "segment_no": 3,
            "_source_file": "remits/a.835",
            "_source_position": "1/3",
            "_arrival_date": date(2025, 3, 10),
        }
        == payment
    )
    claim = only(reading, "remit_claims")
    assert (
        claim
        | {
            "claim_no": 1,
            "patient_control_number": "ACCT1",
            "claim_status_code": "1",
            "charge_amount": Decimal("200.00"),
            "paid_amount": Decimal("120.00"),
            "patient_responsibility_amount": Decimal("20.00"),
            "filing_indicator_code": "12",
            "payer_claim_number": "PCNACCT1",
            "facility_code": "11",
            "frequency_code": "1",
            "drg_code": None,
            "statement_from_date": date(2025, 3, 1),
            "statement_to_date": None,
            "received_date": None,
            "patient_last_name": "DOE",
            "patient_first_name": "JANE",
            "member_id": "M123",
            "rendering_npi": None,
            "segment_no": 13,
        }
        == claim
    )
    line = only(reading, "remit_lines")
    assert (
        line
        | {
            "claim_no": 1,
            "line_no": 1,
            "procedure_qualifier": "HC",
            "procedure_code": "99213",
            "modifier_1": "25",
            "modifier_2": None,
            "charge_amount": Decimal("200.00"),
            "paid_amount": Decimal("140.00"),
            "revenue_code": None,
            "units": Decimal("1.0000"),
            "service_date": date(2025, 3, 1),
            "line_control_number": "ACCT1L1",
            "allowed_amount": Decimal("140.00"),
        }
        == line
    )
    adjustments = reading.tables["remit_adjustments"].to_pylist()
    assert [
        (a["line_no"], a["adjustment_no"], a["group_code"], a["reason_code"], a["amount"])
        for a in adjustments
    ] == [(None, 1, "PR", "1", Decimal("20.00")), (1, 2, "CO", "45", Decimal("60.00"))]
    provider_level = reading.tables["remit_provider_adjustments"].to_pylist()
    assert [
        (a["adjustment_no"], a["reason_code"], a["reference_id"], a["amount"], a["fiscal_date"])
        for a in provider_level
    ] == [
        (1, "L6", "INT1", Decimal("-5.00"), date(2025, 12, 31)),
        (2, "WO", "OLDCLAIM", Decimal("25.00"), date(2025, 12, 31)),
    ]


def test_a_cas_segment_may_hold_six_adjustments_with_gaps_and_negative_amounts() -> None:
    many = "CAS*CO*45*70**253*-10.5**97*0*****A1*.25**B7*.25*1.125"
    claim_level = "CAS*OA*94*-20**B20*40"
    body = remit(remit_claim(line_adjustments=many, claim_adjustments=claim_level))
    reading = x12.parse(interchange(group(transaction("835", body))))
    assert rules(reading) == []
    adjustments = reading.tables["remit_adjustments"].to_pylist()
    assert [
        (a["group_code"], a["reason_code"], str(a["amount"]), a["quantity"]) for a in adjustments
    ] == [
        ("OA", "94", "-20.00", None),
        ("OA", "B20", "40.00", None),
        ("CO", "45", "70.00", None),
        ("CO", "253", "-10.50", None),
        ("CO", "97", "0.00", None),
        ("CO", "A1", "0.25", None),
        ("CO", "B7", "0.25", Decimal("1.1250")),
    ]


def test_a_submitted_claim_is_about_its_subscriber() -> None:
    reading = x12.parse(submitted_file())
    assert rules(reading) == []
    assert row_counts(reading) == {"interchanges": 1, "submitted_claims": 1, "submitted_lines": 2}
    claim = only(reading, "submitted_claims")
    assert (
        claim
        | {
            **KEYS,
            "claim_no": 1,
            "patient_control_number": "ACCT1",
            "charge_amount": Decimal("200.00"),
            "place_of_service_code": "11",
            "frequency_code": "1",
            "original_payer_claim_number": None,
            "authorization_number": "AUTH1",
            "clearinghouse_number": None,
            "billing_name": "EXAMPLE HOSPITAL",
            "billing_npi": "1234567893",
            "billing_tin": "900000001",
            "rendering_npi": "1234567893",
            "payer_name": "EXAMPLE HEALTH PLAN",
            "payer_id": "PLAN1",
            "payer_responsibility_code": "P",
            "filing_indicator_code": "CI",
            "member_id": "M123",
            "patient_last_name": "DOE",
            "patient_first_name": "JANE",
            "patient_birth_date": date(1980, 1, 15),
            "patient_gender": "F",
            "principal_diagnosis_code": "J069",
            "batch_reference": "BATCH1",
            "submitted_date": date(2025, 3, 2),
        }
        == claim
    )
    lines = reading.tables["submitted_lines"].to_pylist()
    assert [
        (x["line_no"], x["procedure_code"], x["modifier_2"], x["charge_amount"], x["service_date"])
        for x in lines
    ] == [
        (1, "99211", "59", Decimal("150.00"), date(2025, 3, 1)),
        (2, "99212", "59", Decimal("50.00"), date(2025, 3, 1)),
    ]
    assert [x["line_control_number"] for x in lines] == ["ACCT1L1", "ACCT1L2"]


def test_a_dependent_is_the_patient_of_the_claims_below_it_and_of_no_others() -> None:
    own = submitted()
    clm = next(i for i, segment in enumerate(own) if segment.startswith("CLM"))
    subscriber = next(i for i, segment in enumerate(own) if segment.startswith("HL*2"))
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*DOE*TIM", "DMG*D8*20150705*M"]
    claim = own[clm:]
    body = own + child + claim + own[subscriber:]
    data = interchange(group(transaction("837", body), code="837"))
    reading = x12.parse(data)
    assert rules(reading) == []
    people = [
        (c["patient_first_name"], c["patient_gender"], c["member_id"], c["payer_id"])
        for c in reading.tables["submitted_claims"].to_pylist()
    ]
    assert people == [
        ("JANE", "F", "M123", "PLAN1"),
        ("TIM", "M", "M123", "PLAN1"),
        ("JANE", "F", "M123", "PLAN1"),
    ]


def test_another_payers_adjudication_stays_out_of_the_claim() -> None:
    own = submitted(charge="200", lines=("200",))
    lx = next(i for i, segment in enumerate(own) if segment.startswith("LX"))
    other = ["SBR*S*18*******MB", "AMT*D*80", "OI***Y***Y", "NM1*IL*1*DOE*JANE****MI*OTHER9"]
    other += ["NM1*PR*2*OTHER PLAN*****PI*PLAN9"]
    paid = ["SVD*PLAN9*80*HC:99211**1", "CAS*CO*45*120", "DTP*573*D8*20250220"]
    data = interchange(group(transaction("837", own[:lx] + other + own[lx:] + paid), code="837"))
    reading = x12.parse(data)
    assert (rules(reading), row_counts(reading).get("diagnostics", 0)) == ([], 0)
    claim = only(reading, "submitted_claims")
    assert (claim["payer_id"], claim["member_id"]) == ("PLAN1", "M123")
    assert (claim["payer_responsibility_code"], claim["charge_amount"]) == ("P", Decimal(200))
    assert row_counts(reading)["submitted_lines"] == 1


def test_an_acknowledgement_keeps_who_said_what_about_which_claim() -> None:
    reading = x12.parse(acknowledged_file(action="U", category="A7"))
    assert rules(reading) == []
    assert row_counts(reading) == {"interchanges": 1, "ack_claims": 1}
    ack = only(reading, "ack_claims")
    assert (
        ack
        | {
            **KEYS,
            "claim_no": 1,
            "patient_control_number": "ACCT1",
            "category_code": "A7",
            "status_code": "20",
            "entity_code": "PR",
            "status_date": date(2025, 3, 3),
            "action_code": "U",
            "charge_amount": Decimal("200.00"),
            "payer_claim_number": "PCNACCT1",
            "clearinghouse_number": "CLEAR1",
            "source_entity_code": "PR",
            "source_name": "EXAMPLE HEALTH PLAN",
            "source_id": "PLAN1",
            "provider_name": "EXAMPLE HOSPITAL",
            "provider_npi": "1234567893",
            "batch_reference": "BATCH1",
            "service_date": date(2025, 3, 1),
        }
        == ack
    )


def test_an_interchange_says_from_whom_to_whom_and_when() -> None:
    data = remit_file(number=42)
    row = only(x12.parse(data), "interchanges")
    assert (
        row
        | {
            "isa_control_number": "000000042",
            "sender_id": "SENDER",
            "receiver_id": "RECEIVER",
            "interchange_date": date(2025, 3, 10),
            "usage_indicator": "P",
            "version": "00501",
            "byte_count": len(data),
            "_source_position": "1/1",
        }
        == row
    )


def test_transactions_claims_and_lines_are_numbered_in_their_parents() -> None:
    two = transaction("835", remit(remit_claim("A"), remit_claim("B")), "0001")
    one = transaction("835", remit(remit_claim("C")), "0002")
    reading = x12.parse(interchange(group(two, one)))
    claims = reading.tables["remit_claims"].to_pylist()
    assert [
        (c["patient_control_number"], c["transaction_no"], c["claim_no"], c["st_control_number"])
        for c in claims
    ] == [("A", 1, 1, "0001"), ("B", 1, 2, "0001"), ("C", 2, 1, "0002")]
    adjustments = reading.tables["remit_adjustments"].to_pylist()
    assert [(a["transaction_no"], a["claim_no"], a["adjustment_no"]) for a in adjustments] == [
        (1, 1, 1),
        (1, 1, 2),
        (1, 2, 1),
        (1, 2, 2),
        (2, 1, 1),
        (2, 1, 2),
    ]


def test_a_segment_number_is_the_place_in_its_interchange() -> None:
    data = interchange(
        group(transaction("835", remit(remit_claim("A"), remit_claim("B")), "0001"), number=1),
        group(transaction("835", remit(remit_claim("C")), "0002"), number=2),
    )
    segments = data.split(b"~")
    for claim in x12.parse(data).tables["remit_claims"].to_pylist():
        segment = segments[claim["segment_no"] - 1].decode()
        assert segment.startswith(f"CLP*{claim['patient_control_number']}*")
