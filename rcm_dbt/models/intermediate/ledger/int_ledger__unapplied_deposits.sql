-- A deposit is cash when it comes; the remittance that explains it is cash too when it is recorded,
-- and takes the deposit's place.
{{ config(materialized='view') }}
with

deposits as (

    select
        *,
        {{ surrogate_key(['deposit_key', "'applied'"]) }} as applied_key

    from {{ ref('int_cash__unapplied_deposits') }}

),

final as (

    {{ ledger_postings(
        'deposits', 'deposit_key', "'UNAPPLIED_CASH'",
        event_date='deposit_date', cash_amount='deposit_amount',
        source_system='claim_source_system', payer_key='payer_key', facility_key='facility_key'
    ) }}

    union all

    {{ ledger_postings(
        'deposits', 'applied_key', "'UNAPPLIED_CASH'",
        event_date='deposit_date', recorded_date='applied_date', cash_amount='-deposit_amount',
        source_system='claim_source_system', payer_key='payer_key', facility_key='facility_key',
        where='applied_date is not null'
    ) }}

)

select * from final
