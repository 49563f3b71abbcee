"""What a clean 835, 837P, 837I, 999 and 277CA become: every column, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rcm_platform.sources import x12
from rcm_platform_tests.support.x12_samples import (
    accepted,
    acknowledged_file,
    answered,
    answers,
    answers_file,
    functional,
    functional_file,
    group,
    institutional,
    institutional_file,
    interchange,
    provider,
    refused,
    remit,
    remit_claim,
    remit_file,
    row_counts,
    rules,
    submitted,
    submitted_file,
    transaction,
)

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
            "original_payer_claim_number": None,
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
            "claim_form": "P",
            "place_of_service_code": "11",
            "bill_type_code": None,
            "frequency_code": "1",
            "original_payer_claim_number": None,
            "authorization_number": "AUTH1",
            "clearinghouse_number": None,
            "billing_name": "EXAMPLE HOSPITAL",
            "billing_npi": "1234567893",
            "billing_tin": "900000001",
            "rendering_npi": "1234567893",
            "attending_npi": None,
            "payer_name": "EXAMPLE HEALTH PLAN",
            "payer_id": "PLAN1",
            "payer_responsibility_code": "P",
            "prior_payer_id": None,
            "prior_payer_paid_amount": None,
            "filing_indicator_code": "CI",
            "member_id": "M123",
            "patient_last_name": "DOE",
            "patient_first_name": "JANE",
            "patient_birth_date": date(1980, 1, 15),
            "patient_gender": "F",
            "principal_diagnosis_code": "J069",
            "drg_code": None,
            "admission_date": None,
            "statement_from_date": None,
            "statement_to_date": None,
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
    assert [x["revenue_code"] for x in lines] == [None, None]


def test_an_institutional_claim_has_a_bill_type_a_stay_and_revenue_codes() -> None:
    reading = x12.parse(institutional_file())
    assert rules(reading) == []
    assert row_counts(reading) == {"interchanges": 1, "submitted_claims": 1, "submitted_lines": 2}
    claim = only(reading, "submitted_claims")
    assert (
        claim
        | {
            **KEYS,
            "claim_no": 1,
            "claim_form": "I",
            "patient_control_number": "STAY1",
            "charge_amount": Decimal("900.00"),
            "place_of_service_code": None,
            "bill_type_code": "11",
            "frequency_code": "1",
            "original_payer_claim_number": None,
            "authorization_number": "AUTH1",
            "clearinghouse_number": None,
            "billing_name": "EXAMPLE HOSPITAL",
            "billing_npi": "1234567893",
            "billing_tin": "900000001",
            "rendering_npi": "1993999998",
            "attending_npi": "1234567893",
            "payer_name": "EXAMPLE HEALTH PLAN",
            "payer_id": "PLAN1",
            "payer_responsibility_code": "P",
            "prior_payer_id": None,
            "prior_payer_paid_amount": None,
            "filing_indicator_code": "CI",
            "member_id": "M123",
            "patient_last_name": "DOE",
            "patient_first_name": "JANE",
            "patient_birth_date": date(1980, 1, 15),
            "patient_gender": "F",
            "principal_diagnosis_code": "I509",
            "drg_code": "291",
            "admission_date": date(2025, 2, 27),
            "statement_from_date": date(2025, 2, 27),
            "statement_to_date": date(2025, 3, 3),
            "batch_reference": "BATCH1",
            "submitted_date": date(2025, 3, 2),
        }
        == claim
    )
    lines = reading.tables["submitted_lines"].to_pylist()
    assert [
        (x["line_no"], x["revenue_code"], x["procedure_code"], x["modifier_1"], x["charge_amount"],
         x["units"], x["service_date"], x["line_control_number"])
        for x in lines
    ] == [
        (1, "0121", "99221", "25", Decimal("600.00"), Decimal(4), date(2025, 2, 27), "STAY1L1"),
        (2, "0122", "99222", "25", Decimal("300.00"), Decimal(4), date(2025, 2, 27), "STAY1L2"),
    ]  # fmt: skip


def test_a_line_of_a_stay_may_have_no_procedure() -> None:
    reading = x12.parse(institutional_file().replace(b"*HC:99221:25*", b"**"))
    assert rules(reading) == []
    lines = reading.tables["submitted_lines"].to_pylist()
    assert [(x["revenue_code"], x["procedure_code"]) for x in lines] == [
        ("0121", None),
        ("0122", "99222"),
    ]


def test_a_stay_of_one_day_begins_and_ends_on_it() -> None:
    data = institutional_file().replace(b"434*RD8*20250227-20250303", b"434*D8*20250227")
    claim = only(x12.parse(data), "submitted_claims")
    assert claim["statement_from_date"] == claim["statement_to_date"] == date(2025, 2, 27)


def test_both_kinds_of_claims_land_in_the_same_tables() -> None:
    data = interchange(
        group(transaction("837", submitted()), code="837", number=1),
        group(transaction("837I", institutional()), code="837I", number=2),
    )
    claims = x12.parse(data).tables["submitted_claims"].to_pylist()
    assert {
        (c["claim_form"], c["patient_control_number"], c["transaction_no"]) for c in claims
    } == {
        ("P", "ACCT1", 1),
        ("I", "STAY1", 2),
    }


def test_a_functional_acknowledgement_answers_each_transaction() -> None:
    reading = x12.parse(functional_file(accepted(), refused(), status="P"))
    assert rules(reading) == []
    assert row_counts(reading) == {"interchanges": 1, "functional_acks": 2}
    first, second = reading.tables["functional_acks"].to_pylist()
    assert (
        first
        | {
            **KEYS,
            "segment_no": 5,
            "response_no": 1,
            "acknowledged_functional_id": "HC",
            "acknowledged_gs_control_number": "17",
            "acknowledged_version": "005010X223A2",
            "acknowledged_set_code": "837",
            "acknowledged_st_control_number": "0001",
            "transaction_status": "A",
            "error_code": None,
            "group_status": "P",
            "included_count": 2,
            "received_count": 2,
            "accepted_count": 1,
        }
        == first
    )
    assert (
        second
        | {
            "segment_no": 7,
            "response_no": 2,
            "acknowledged_gs_control_number": "17",
            "acknowledged_st_control_number": "0002",
            "transaction_status": "R",
            "error_code": "5",
            "group_status": "P",
        }
        == second
    )


def test_a_group_that_is_refused_as_a_whole_has_one_answer() -> None:
    one = transaction("999", functional(status="R", of="18"), "0001")
    two = transaction("999", functional(accepted(), of="19"), "0002")
    reading = x12.parse(interchange(group(one, two, code="999")))
    assert rules(reading) == []
    acks = reading.tables["functional_acks"].to_pylist()
    assert [
        (a["transaction_no"], a["response_no"], a["acknowledged_gs_control_number"],
         a["acknowledged_st_control_number"], a["transaction_status"], a["group_status"])
        for a in acks
    ] == [(1, 1, "18", None, None, "R"), (2, 1, "19", "0001", "A", "A")]  # fmt: skip


def test_remarks_stay_with_their_line_or_claim() -> None:
    claim = remit_claim()
    claim[2:2] = ["MIA*4****MA01***************N1", "MOA***MA07*N130****12.5"]
    claim += ["LQ*HE*M15", "LQ*RX*76", "LQ*HE*N4"]
    reading = x12.parse(remit_file(claim, remit_claim("ACCT2"), [*remit_claim("A3"), "LQ*HE*M1"]))
    assert rules(reading) == []
    remarks = reading.tables["remit_remarks"].to_pylist()
    assert [
        (r["claim_no"], r["line_no"], r["remark_no"], r["remark_segment"], r["code_list"],
         r["remark_code"])
        for r in remarks
    ] == [
        (1, None, 1, "MIA", "HE", "MA01"),
        (1, None, 2, "MIA", "HE", "N1"),
        (1, None, 3, "MOA", "HE", "MA07"),
        (1, None, 4, "MOA", "HE", "N130"),
        (1, 1, 5, "LQ", "HE", "M15"),
        (1, 1, 6, "LQ", "RX", "76"),
        (1, 1, 7, "LQ", "HE", "N4"),
        (3, 1, 1, "LQ", "HE", "M1"),
    ]  # fmt: skip
    assert remarks[0] | {**KEYS, "segment_no": 15} == remarks[0]


def test_a_remittance_may_name_the_claim_that_it_corrects() -> None:
    claim = remit_claim()
    claim.insert(3, "REF*F8*PCNOLD")
    assert only(x12.parse(remit_file(claim)), "remit_claims")["original_payer_claim_number"] == (
        "PCNOLD"
    )


def test_a_dependent_is_the_patient_of_the_claims_below_it_and_of_no_others() -> None:
    own = submitted()
    clm = next(i for i, segment in enumerate(own) if segment.startswith("CLM"))
    subscriber = next(i for i, segment in enumerate(own) if segment.startswith("HL*2"))
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*DOE*TIM", "DMG*D8*20150705*M"]
    claim = own[clm:]
    body = own + child + claim + ["HL*4*1*22*0", *own[subscriber + 1 :]]
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


@pytest.mark.parametrize(
    ("code", "own"),
    [
        ("837", submitted(charge="200", lines=("200",))),
        ("837I", institutional(charge="200", lines=("200",))),
    ],
)
def test_another_payers_adjudication_stays_out_of_the_claim(code: str, own: list[str]) -> None:
    lx = next(i for i, segment in enumerate(own) if segment.startswith("LX"))
    other = ["SBR*S*18*******MB", "OI***Y***Y", "NM1*PR*2*LATER PLAN*****PI*PLAN8"]
    other += ["SBR*P*18*******MB", "CAS*CO*45*120", "AMT*D*80", "AMT*EAF*0", "OI***Y***Y"]
    other += ["NM1*IL*1*DOE*JANE****MI*OTHER9", "NM1*PR*2*OTHER PLAN*****PI*PLAN9"]
    other += ["SBR*T*18*******CI", "AMT*D*0.5", "OI***Y***Y"]
    paid = ["SVD*PLAN9*80*HC:99211**1", "CAS*CO*45*120", "DTP*573*D8*20250220"]
    data = interchange(group(transaction(code, own[:lx] + other + own[lx:] + paid), code=code))
    reading = x12.parse(data)
    assert (rules(reading), row_counts(reading).get("diagnostics", 0)) == ([], 0)
    claim = only(reading, "submitted_claims")
    assert (claim["payer_id"], claim["member_id"]) == ("PLAN1", "M123")
    assert (claim["payer_responsibility_code"], claim["charge_amount"]) == ("P", Decimal(200))
    assert (claim["prior_payer_id"], claim["prior_payer_paid_amount"]) == ("PLAN9", Decimal("80.5"))
    assert row_counts(reading)["submitted_lines"] == 1


def test_an_acknowledgement_keeps_who_said_what_about_which_claim() -> None:
    reading = x12.parse(acknowledged_file(action="U", category="A7"))
    assert rules(reading) == []
    assert row_counts(reading) == {"interchanges": 1, "ack_batches": 2, "ack_claims": 1}
    ack = only(reading, "ack_claims")
    assert (
        ack
        | {
            **KEYS,
            "claim_no": 1,
            "batch_no": 2,
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


def test_an_acknowledgement_answers_receivers_and_providers_too() -> None:
    told = ["TRN*1*0", "STC*A3:21:85**U*500", "QTY*QC*2", "AMT*YY*500"]
    totals = ["QTY*90*1", "QTY*AA*2", "AMT*YU*200.5", "AMT*YY*500"]
    reading = x12.parse(
        answers_file(
            provider(answered("A", "200.5"), npi="1993999998"),
            provider(answer=told),
            totals=totals,
        )
    )
    assert (rules(reading), row_counts(reading).get("diagnostics", 0)) == ([], 0)
    receiver, first, second = reading.tables["ack_batches"].to_pylist()
    assert (
        receiver
        | {
            **KEYS,
            "segment_no": 10,
            "batch_no": 1,
            "parent_batch_no": None,
            "level_code": "21",
            "answered_entity_code": "41",
            "answered_name": "EXAMPLE HOSPITAL",
            "answered_id": "SUB1",
            "answered_npi": None,
            "category_code": "A1",
            "status_code": "19",
            "entity_code": None,
            "status_date": date(2025, 3, 3),
            "action_code": "WQ",
            "charge_amount": Decimal("900.00"),
            "accepted_count": 1,
            "rejected_count": 2,
            "accepted_amount": Decimal("200.50"),
            "rejected_amount": Decimal("500.00"),
            "source_entity_code": "PR",
            "source_name": "EXAMPLE HEALTH PLAN",
            "source_id": "PLAN1",
            "batch_reference": "BATCH1",
        }
        == receiver
    )
    assert (first["batch_no"], first["answered_npi"], first["category_code"]) == (
        2,
        "1993999998",
        None,
    )
    assert (
        second
        | {
            "batch_no": 3,
            "parent_batch_no": 1,
            "level_code": "19",
            "answered_entity_code": "85",
            "answered_id": "1234567893",
            "answered_npi": "1234567893",
            "category_code": "A3",
            "status_code": "21",
            "entity_code": "85",
            "status_date": None,
            "action_code": "U",
            "charge_amount": Decimal("500.00"),
            "accepted_count": None,
            "rejected_count": 2,
            "accepted_amount": None,
            "rejected_amount": Decimal("500.00"),
            "batch_reference": "BATCH1",
        }
        == second
    )
    assert only(reading, "ack_claims")["batch_no"] == 2


def test_batches_are_numbered_in_their_transaction() -> None:
    blocks = provider(answered("A", "1")), provider(answered("B", "2"), answered("C", "3"))
    one, two = (transaction("277", answers(*blocks), number) for number in ("0001", "0002"))
    reading = x12.parse(interchange(group(one, two, code="277")))
    assert [
        (row["transaction_no"], row["batch_no"], row["parent_batch_no"])
        for row in reading.tables["ack_batches"].to_pylist()
    ] == [(1, 1, None), (1, 2, 1), (1, 3, 1), (2, 1, None), (2, 2, 1), (2, 3, 1)]
    assert [
        (row["transaction_no"], row["patient_control_number"], row["batch_no"])
        for row in reading.tables["ack_claims"].to_pylist()
    ] == [(1, "A", 2), (1, "B", 3), (1, "C", 3), (2, "A", 2), (2, "B", 3), (2, "C", 3)]


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
