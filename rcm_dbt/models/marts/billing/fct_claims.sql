{{ config(**physical_layout('service_date', ['claim_key', 'patient_key'])) }}
{{ config(meta={'claims_from': ['int_claim__enriched', 'int_claim__service_types']}) }}

select
    claims.claim_key,
    claims.source_system,
    claims.claim_id,
    claims.known_from,
    claims.encounter_key,
    claims.patient_key,
    claims.patient_version_key,
    claims.provider_key,
    claims.payer_key,
    claims.facility_key,
    claims.service_date,
    service_types.service_type,
    claims.first_submitted_date,
    claims.submission_count,
    claims.first_ack_status,
    claims.last_ack_status,
    claims.first_remit_date,
    claims.last_remit_date,
    claims.remit_count,
    claims.is_denied_on_first_remit,
    claims.is_ever_denied,
    claims.first_payer_payment_date,
    claims.claim_status,
    claims.charge_amount,
    claims.contractual_amount,
    claims.payer_paid_amount,
    claims.patient_paid_amount,
    claims.write_off_amount,
    claims.denied_amount,
    claims.patient_responsibility_amount,
    claims.open_amount,
    claims.transaction_count,
    claims.age_days,
    claims.age_bucket

from {{ ref('int_claim__enriched') }} as claims

inner join {{ ref('int_claim__service_types') }} as service_types
    on claims.claim_key = service_types.claim_key
