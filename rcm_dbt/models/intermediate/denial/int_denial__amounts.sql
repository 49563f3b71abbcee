-- How much of each denied amount is denied for the first time. A claim that is denied, sent again
-- and denied again is denied once: a decision counts with what it adds to the most that was denied
-- before (of the same part of the claim), and holds what it adds to what stands denied, which a
-- reversal takes back. Never more than the decision's charge is denied, and a later payer denies
-- its own effect alone.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

denials as (

    select
        posted.remit_claim_key,
        posted.line_no,
        posted.adjustment_no,
        posted.event_type,
        posted.amount

    from {{ ref('int_claim__posted_adjustments') }} as posted

    inner join {{ ref('int_claim__remit_adjustments') }} as adjustments
        on posted.remit_claim_key = adjustments.remit_claim_key
        and posted.adjustment_no = adjustments.adjustment_no

    where
        adjustments.is_denial
        and not posted.is_repeated
        and posted.event_type in ('DENIAL_HOLD', 'TRANSFER_TO_PATIENT')

),

totals as (

    select
        remit_claim_key,
        sum(amount) as amount

    from denials

    group by remit_claim_key

),

denying as (

    select
        remits.remit_claim_key,
        remits.claim_key,
        remits.part,
        remits.remit_number,
        remits.is_decision,
        totals.amount,
        case
            when not remits.is_decision or totals.amount <= 0 then 0
            when remits.charge_amount > 0 and remits.charge_amount < totals.amount
                then remits.charge_amount
            else totals.amount
        end as denied_amount,
        sum(case when remits.is_reversal and totals.amount < 0 then 1 else 0 end) over (
            partition by remits.claim_key, remits.part
            order by remits.remit_number
            rows between unbounded preceding and current row
        ) as reversal_count

    from remits

    inner join totals
        on remits.remit_claim_key = totals.remit_claim_key

),

preceded as (

    select
        *,
        coalesce(
            max(denied_amount) over (
                partition by claim_key, part
                order by remit_number
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as denied_before_amount,
        coalesce(
            max(denied_amount) over (
                partition by claim_key, part, reversal_count
                order by remit_number
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as standing_amount

    from denying

),

-- what a decision only says again
repetitions as (

    select
        remit_claim_key,
        is_decision and amount > 0 as is_denied,
        case
            when is_decision and amount > 0
                then amount - greatest(denied_amount - denied_before_amount, 0)
        end as counted_before_amount,
        case
            when is_decision and amount > 0
                then amount - greatest(denied_amount - standing_amount, 0)
        end as held_before_amount

    from preceded

),

allocated as (

    select
        denials.*,
        repetitions.is_denied,
        coalesce(
            {{ allocated_amount(
                'repetitions.counted_before_amount',
                'case when denials.amount > 0 then denials.amount end',
                group_by=['denials.remit_claim_key'],
                order_by='denials.adjustment_no'
            ) }},
            0
        ) as counted_before_amount,
        coalesce(
            {{ allocated_amount(
                'repetitions.held_before_amount',
                'case when denials.amount > 0 then denials.amount end',
                group_by=['denials.remit_claim_key'],
                order_by='denials.adjustment_no'
            ) }},
            0
        ) as held_before_amount

    from denials

    inner join repetitions
        on denials.remit_claim_key = repetitions.remit_claim_key

),

final as (

    select
        remit_claim_key,
        line_no,
        adjustment_no,
        event_type,
        {{ money('amount') }} as denied_amount,
        {{ money('case when is_denied then amount - counted_before_amount else 0 end') }}
            as counted_amount,
        {{ money('held_before_amount') }} as held_before_amount

    from allocated

)

select * from final
