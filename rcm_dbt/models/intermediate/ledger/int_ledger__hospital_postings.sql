-- What the hospital's own staff post: payments of patients and refunds (below zero) move cash, a
-- correction changes the charge, and all else gives a balance up.
{{ config(materialized='view') }}
with

transactions as (

    select
        *,
        coalesce(paid_date, recorded_date) as posted_date

    from {{ ref('int_transaction__current') }}

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

classed as (

    select
        transactions.*,
        event_types.measure_class

    from transactions

    left join event_types
        on transactions.event_type = event_types.event_type

),

final as (

    {{ ledger_postings(
        'classed', 'transaction_key', 'event_type',
        event_date='posted_date',
        claim_key='claim_key',
        ar_amount="case
            when measure_class in ('patient_cash', 'payer_cash') then -paid_amount
            when measure_class = 'charge' then amount
            else -amount
        end",
        cash_amount="case
            when measure_class in ('patient_cash', 'payer_cash') then paid_amount else 0
        end",
        where="event_type <> 'CHARGE'"
    ) }}

)

select * from final
