"""The raw X12 tables: what one row of each is, and its columns. Money is dollars, decimal(18,2)."""

from __future__ import annotations

import pyarrow as pa

MONEY = pa.decimal128(18, 2)
QUANTITY = pa.decimal128(18, 4)
_TEXT, _DATE, _INT = pa.string(), pa.date32(), pa.int32()

TRANSACTION_KEYS: dict[str, pa.DataType] = {
    "interchange_sha256": _TEXT,
    "transaction_no": _INT,
    "isa_control_number": _TEXT,
    "gs_control_number": _TEXT,
    "st_control_number": _TEXT,
    "segment_no": _INT,
}
CLAIM_KEYS = TRANSACTION_KEYS | {"claim_no": _INT}
LINE_KEYS = CLAIM_KEYS | {"line_no": _INT}


def _texts(*names: str) -> dict[str, pa.DataType]:
    return dict.fromkeys(names, _TEXT)


_MODIFIERS = _texts("modifier_1", "modifier_2", "modifier_3", "modifier_4")

_COLUMNS: dict[str, dict[str, pa.DataType]] = {
    # one row per interchange (ISA)
    "interchanges": {
        "interchange_sha256": _TEXT,
        "isa_control_number": _TEXT,
        "segment_no": _INT,
        "sender_id": _TEXT,
        "receiver_id": _TEXT,
        "interchange_date": _DATE,
        "usage_indicator": _TEXT,
        "version": _TEXT,
        "byte_count": pa.int64(),
    },
    # 835, one row per payment (ST)
    "remit_payments": TRANSACTION_KEYS
    | {
        "handling_code": _TEXT,
        "payment_amount": MONEY,
        "credit_debit": _TEXT,
        "payment_method": _TEXT,
        "payment_date": _DATE,
        "trace_number": _TEXT,
        "originating_company_id": _TEXT,
        "production_date": _DATE,
        "payer_name": _TEXT,
        "payer_id": _TEXT,
        "payer_secondary_id": _TEXT,
        "payee_name": _TEXT,
        "payee_npi": _TEXT,
        "payee_tin": _TEXT,
    },
    # 835, one row per claim (CLP); the interest that its payment holds, if it does (AMT*I)
    "remit_claims": CLAIM_KEYS
    | {
        "patient_control_number": _TEXT,
        "claim_status_code": _TEXT,
        "charge_amount": MONEY,
        "paid_amount": MONEY,
        "patient_responsibility_amount": MONEY,
        "interest_amount": MONEY,
        "filing_indicator_code": _TEXT,
        "payer_claim_number": _TEXT,
        "original_payer_claim_number": _TEXT,
        "facility_code": _TEXT,
        "frequency_code": _TEXT,
        "drg_code": _TEXT,
        "statement_from_date": _DATE,
        "statement_to_date": _DATE,
        "received_date": _DATE,
        "patient_last_name": _TEXT,
        "patient_first_name": _TEXT,
        "member_id": _TEXT,
        "rendering_npi": _TEXT,
    },
    # 835, one row per service line (SVC)
    "remit_lines": LINE_KEYS
    | {
        "procedure_qualifier": _TEXT,
        "procedure_code": _TEXT,
        **_MODIFIERS,
        "charge_amount": MONEY,
        "paid_amount": MONEY,
        "revenue_code": _TEXT,
        "units": QUANTITY,
        "service_date": _DATE,
        "line_control_number": _TEXT,
        "allowed_amount": MONEY,
    },
    # 835, one row per CAS triplet; line_no is NULL for a claim-level one; numbered within the claim
    "remit_adjustments": LINE_KEYS
    | {
        "adjustment_no": _INT,
        "group_code": _TEXT,
        "reason_code": _TEXT,
        "amount": MONEY,
        "quantity": QUANTITY,
    },
    # 835, one row per remark of a line (LQ) or of a claim (MIA, MOA); numbered within the claim
    "remit_remarks": LINE_KEYS
    | {
        "remark_no": _INT,
        "remark_segment": _TEXT,
        "code_list": _TEXT,
        "remark_code": _TEXT,
    },
    # 835, one row per PLB pair, numbered within the transaction
    "remit_provider_adjustments": TRANSACTION_KEYS
    | {
        "provider_id": _TEXT,
        "fiscal_date": _DATE,
        "adjustment_no": _INT,
        "reason_code": _TEXT,
        "reference_id": _TEXT,
        "amount": MONEY,
    },
    # 837P and 837I, one row per claim (CLM); what an earlier payer paid stays apart, in prior_…
    "submitted_claims": CLAIM_KEYS
    | {
        "claim_form": _TEXT,
        "patient_control_number": _TEXT,
        "charge_amount": MONEY,
        "place_of_service_code": _TEXT,
        "bill_type_code": _TEXT,
        "frequency_code": _TEXT,
        "original_payer_claim_number": _TEXT,
        "authorization_number": _TEXT,
        "clearinghouse_number": _TEXT,
        "billing_name": _TEXT,
        "billing_npi": _TEXT,
        "billing_tin": _TEXT,
        "rendering_npi": _TEXT,
        "attending_npi": _TEXT,
        "payer_name": _TEXT,
        "payer_id": _TEXT,
        "payer_responsibility_code": _TEXT,
        "prior_payer_id": _TEXT,
        "prior_payer_paid_amount": MONEY,
        "filing_indicator_code": _TEXT,
        "member_id": _TEXT,
        "patient_last_name": _TEXT,
        "patient_first_name": _TEXT,
        "patient_birth_date": _DATE,
        "patient_gender": _TEXT,
        "principal_diagnosis_code": _TEXT,
        "drg_code": _TEXT,
        "admission_date": _DATE,
        "statement_from_date": _DATE,
        "statement_to_date": _DATE,
        "batch_reference": _TEXT,
        "submitted_date": _DATE,
    },
    # 837P and 837I, one row per service line (LX with SV1 or SV2)
    "submitted_lines": LINE_KEYS
    | {
        "revenue_code": _TEXT,
        "procedure_code": _TEXT,
        **_MODIFIERS,
        "charge_amount": MONEY,
        "units": QUANTITY,
        "service_date": _DATE,
        "line_control_number": _TEXT,
    },
    # 999, one row per acknowledged transaction (AK2), or one for a group that names none
    "functional_acks": TRANSACTION_KEYS
    | {
        "response_no": _INT,
        "acknowledged_functional_id": _TEXT,
        "acknowledged_gs_control_number": _TEXT,
        "acknowledged_version": _TEXT,
        "acknowledged_set_code": _TEXT,
        "acknowledged_st_control_number": _TEXT,
        "transaction_status": _TEXT,
        "error_code": _TEXT,
        "group_status": _TEXT,
        "included_count": _INT,
        "received_count": _INT,
        "accepted_count": _INT,
    },
    # 277CA, one row per receiver or provider of claims (HL03 21 or 19), with what is answered of
    # all its claims together; its first STC when it has several. A provider stands under a receiver
    "ack_batches": TRANSACTION_KEYS
    | {
        "batch_no": _INT,
        "parent_batch_no": _INT,
        "level_code": _TEXT,
        "answered_entity_code": _TEXT,
        "answered_name": _TEXT,
        "answered_id": _TEXT,
        "answered_npi": _TEXT,
        "category_code": _TEXT,
        "status_code": _TEXT,
        "entity_code": _TEXT,
        "status_date": _DATE,
        "action_code": _TEXT,
        "charge_amount": MONEY,
        "accepted_count": _INT,
        "rejected_count": _INT,
        "accepted_amount": MONEY,
        "rejected_amount": MONEY,
        "source_entity_code": _TEXT,
        "source_name": _TEXT,
        "source_id": _TEXT,
        "batch_reference": _TEXT,
    },
    # 277CA, one row per acknowledged claim (loop 2200D); its first STC when it has several. Its
    # batch is that of its provider
    "ack_claims": CLAIM_KEYS
    | {
        "batch_no": _INT,
        "patient_control_number": _TEXT,
        "category_code": _TEXT,
        "status_code": _TEXT,
        "entity_code": _TEXT,
        "status_date": _DATE,
        "action_code": _TEXT,
        "charge_amount": MONEY,
        "payer_claim_number": _TEXT,
        "clearinghouse_number": _TEXT,
        "source_entity_code": _TEXT,
        "source_name": _TEXT,
        "source_id": _TEXT,
        "provider_name": _TEXT,
        "provider_npi": _TEXT,
        "batch_reference": _TEXT,
        "service_date": _DATE,
    },
    # all sets, one row per warning about data that was loaded
    "diagnostics": LINE_KEYS
    | {
        "level": _INT,
        "kind": _TEXT,
        "rule": _TEXT,
        "element": _INT,
        "path": _TEXT,
        "datum": _TEXT,
    },
    # all sets, one row per segment of loaded data that the reader knows no place for; its text
    # without the terminator. Nothing that is sent is lost: what a new segment says can be read here
    "unread_segments": LINE_KEYS
    | {
        "segment_id": _TEXT,
        "loop_path": _TEXT,
        "kind": _TEXT,
        "segment_text": _TEXT,
    },
}

TABLES: dict[str, pa.Schema] = {name: pa.schema(columns) for name, columns in _COLUMNS.items()}
