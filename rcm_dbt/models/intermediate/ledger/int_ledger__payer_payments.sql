-- A remittance is posted line by line; what its lines do not say of the claim's payment stays with
-- the claim. A reversal posts the opposite of what it takes back, under the same event type; where
-- that was never received, the money went and no balance comes back.
{{ config(materialized='view') }}
with

reversals as (

    select * from {{ ref('int_claim__reversals') }}

),

remits as (

    select
        remits.*,
        case when reversals.is_unmatched then 'UNMATCHED_REVERSAL' else 'PAYER_PAYMENT' end
            as event_type

    from {{ ref('int_claim__remits') }} as remits

    left join reversals
        on remits.remit_claim_key = reversals.remit_claim_key

    where not remits.is_predetermination

),

remit_lines as (

    select * from {{ ref('int_claim__remit_lines') }}

),

line_payments as (

    select
        remit_claim_key,
        sum(paid_amount) as paid_amount

    from remit_lines

    group by remit_claim_key

),

payments as (

    select
        remit_lines.remit_line_key as record_key,
        remits.claim_key,
        remit_lines.claim_line_key,
        remits.event_type,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        remit_lines.paid_amount,
        remit_lines._source_file,
        remit_lines._source_position

    from remit_lines

    inner join remits
        on remit_lines.remit_claim_key = remits.remit_claim_key

    union all

    select
        remits.remit_claim_key as record_key,
        remits.claim_key,
        {{ null_key() }} as claim_line_key,
        remits.event_type,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        {{ money('remits.paid_amount - coalesce(line_payments.paid_amount, 0)') }} as paid_amount,
        remits._source_file,
        remits._source_position

    from remits

    left join line_payments
        on remits.remit_claim_key = line_payments.remit_claim_key

),

final as (

    {{ ledger_postings(
        'payments', 'record_key', 'event_type',
        event_date='payment_date',
        claim_key='claim_key', claim_line_key='claim_line_key', is_reversal='is_reversal',
        ar_amount="case when event_type = 'PAYER_PAYMENT' then -paid_amount else 0 end",
        cash_amount='paid_amount',
        where='paid_amount <> 0'
    ) }}

)

select * from final
