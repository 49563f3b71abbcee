{{ config(**physical_layout('event_date', ['claim_key', 'patient_key'])) }}
{{ config(meta={'claims_from': ['int_ledger__entries']}) }}

select
    ledger_entry_key,
    claim_key,
    claim_line_key,
    source_system,
    encounter_key,
    patient_key,
    provider_key,
    payer_key,
    facility_key,
    event_type,
    is_reversal,
    event_date,
    recorded_date,
    ar_amount,
    cash_amount,
    memo_amount,
    group_code,
    reason_code,
    source_file,
    source_position

from {{ ref('int_ledger__entries') }}
