-- What the contract takes off lowers the balance; what is denied, left to the patient or the next
-- payer, or told by no known reason, only says whose it is now.
{{ config(materialized='view') }}
with

remits as (

    select * from {{ ref('int_claim__remits') }}

    where not is_predetermination

),

remit_lines as (

    select * from {{ ref('int_claim__remit_lines') }}

),

adjustments as (

    select
        adjustments.*,
        remits.claim_key,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        remit_lines.claim_line_key

    from {{ ref('int_claim__posted_adjustments') }} as adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    left join remit_lines
        on adjustments.remit_claim_key = remit_lines.remit_claim_key
        and adjustments.line_no = remit_lines.line_no

),

final as (

    {{ ledger_postings(
        'adjustments', 'remit_claim_key', 'event_type',
        event_date='payment_date',
        claim_key='claim_key', claim_line_key='claim_line_key', is_reversal='is_reversal',
        ar_amount="case when event_type = 'CONTRACTUAL' then -amount else 0 end",
        memo_amount="case when event_type = 'CONTRACTUAL' then 0 else amount end",
        group_code='group_code', reason_code='reason_code'
    ) }}

)

select * from final
