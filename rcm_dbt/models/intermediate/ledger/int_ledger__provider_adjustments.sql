-- What a payer adds to or takes from a whole payment belongs to no claim; the cash still moved.
{{ config(materialized='view') }}
with

adjustments as (

    select * from {{ ref('int_cash__provider_adjustments') }}

),

final as (

    {{ ledger_postings(
        'adjustments', 'remit_payment_key', 'event_type',
        event_date='payment_date', cash_amount='-amount',
        group_code="'PLB'", reason_code='reason_code',
        source_system='claim_source_system', payer_key='payer_key', facility_key='facility_key'
    ) }}

)

select * from final
