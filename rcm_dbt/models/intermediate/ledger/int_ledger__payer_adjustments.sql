-- What the contract takes off lowers the balance; what is denied, left to the patient or the next
-- payer, or told by no known reason, only says whose it is now. What is denied again while it is
-- held as denied is held once.
{{ config(materialized='view') }}
with

remits as (

    select * from {{ ref('int_claim__remits') }}

    where not is_predetermination

),

remit_lines as (

    select * from {{ ref('int_claim__remit_lines') }}

),

denied_again as (

    select * from {{ ref('int_denial__amounts') }}

    where event_type = 'DENIAL_HOLD' and held_before_amount <> 0

),

posted as (

    select
        posted.*,
        coalesce(denied_again.held_before_amount, 0) as held_before_amount

    from {{ ref('int_claim__posted_adjustments') }} as posted

    left join denied_again
        on posted.remit_claim_key = denied_again.remit_claim_key
        and posted.adjustment_no = denied_again.adjustment_no
        and posted.event_type = denied_again.event_type

),

booked as (

    select
        remit_claim_key,
        line_no,
        group_code,
        reason_code,
        event_type,
        {{ money('amount - held_before_amount') }} as amount,
        _source_file,
        _source_position

    from posted

    where amount <> held_before_amount

    union all

    select
        remit_claim_key,
        line_no,
        group_code,
        reason_code,
        'DENIAL_UPHELD' as event_type,
        {{ money('held_before_amount') }} as amount,
        _source_file,
        _source_position

    from posted

    where held_before_amount <> 0

),

adjustments as (

    select
        booked.*,
        remits.claim_key,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        remit_lines.claim_line_key

    from booked

    inner join remits
        on booked.remit_claim_key = remits.remit_claim_key

    left join remit_lines
        on booked.remit_claim_key = remit_lines.remit_claim_key
        and booked.line_no = remit_lines.line_no

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
