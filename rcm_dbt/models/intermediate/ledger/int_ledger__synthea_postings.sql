-- A charge of Synthea is a line of its claim, and so is what is paid for its procedure; all else
-- belongs to the claim.
{{ config(materialized='view') }}
with

events as (

    select
        *,
        {{ surrogate_key(['source_system', 'transaction_id']) }} as record_key,
        {{ surrogate_key(['source_system', 'claim_id']) }} as claim_key,
        {{ foreign_key(['source_system', 'charge_transaction_id']) }} as charge_line_key

    from {{ ref('int_synthea__ledger_events') }}

),

final as (

    {{ ledger_postings(
        'events', 'record_key', 'event_type',
        recorded_date='event_date',
        claim_key='claim_key', claim_line_key='charge_line_key',
        ar_amount='ar_amount', cash_amount='cash_amount', memo_amount='memo_amount'
    ) }}

)

select * from final
