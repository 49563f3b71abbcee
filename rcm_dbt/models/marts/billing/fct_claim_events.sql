{{ config(**physical_layout('recorded_date', ['claim_key'])) }}
{{ config(meta={'claims_from': ['int_claim__events']}) }}

select
    claim_event_key,
    claim_key,
    source_system,
    claim_id,
    facility_key,
    payer_key,
    event_number,
    event_kind,
    actor,
    event_date,
    recorded_date,
    event_amount,
    _source_file as source_file,
    _source_position as source_position

from {{ ref('int_claim__events') }}
