-- What is booked of each adjustment of a remittance. A payer that decides after another must leave
-- out what the first one paid and took off (reason 23); one that repeats it under a contract or a
-- denial books only its own effect, and the rest says what the other payer did. What is taken back
-- of a decision that was never received takes nothing back here.
{%- set payers_before -%}
    case
        when not remits.is_secondary then 0
        when remits.claim_status_code in ('3', '21') then 2
        else 1
    end
{%- endset %}
with

adjustments as (

    select
        adjustments.*,
        event_type in ('CONTRACTUAL', 'DENIAL_HOLD') as may_repeat

    from {{ ref('int_claim__remit_adjustments') }} as adjustments

),

reversals as (

    select * from {{ ref('int_claim__reversals') }}

),

totals as (

    select
        remit_claim_key,
        {{ sum_where('amount', "event_type = 'CONTRACTUAL'") }} as contractual_amount,
        {{ sum_where('amount', "event_type = 'DENIAL_HOLD'") }} as denied_amount,
        {{ sum_where('amount', "event_type = 'TRANSFER_TO_SECONDARY'") }} as earlier_payer_amount

    from adjustments

    group by remit_claim_key

),

remits as (

    select
        remits.remit_claim_key,
        remits.claim_key,
        remits.payer_key,
        remits.payment_date,
        remits.is_reversal,
        remits.is_predetermination,
        remits.charge_amount,
        remits.paid_amount,
        case when remits.charge_amount < 0 then -1 else 1 end as direction,
        coalesce(totals.contractual_amount, 0) as contractual_amount,
        coalesce(totals.denied_amount, 0) as denied_amount,
        coalesce(totals.earlier_payer_amount, 0) as earlier_payer_amount,
        coalesce(reversals.is_unmatched, false) as is_unmatched,
        -- a reversal is of the payer whose decision it takes back
        case
            when remits.is_reversal
                then
                    min(case when remits.is_decision then {{ payers_before }} end)
                        over (partition by remits.claim_key, remits.payer_key)
            else {{ payers_before }}
        end as payers_before

    from {{ ref('int_claim__remits') }} as remits

    left join totals
        on remits.remit_claim_key = totals.remit_claim_key

    left join reversals
        on remits.remit_claim_key = reversals.remit_claim_key

),

-- by the days of the payments, whichever file came first; what a second payer takes off stands
-- beside what the first one did, and is not added to it
preceded as (

    select
        *,
        coalesce(payers_before, 0) > 0 as is_later_payer,
        {{ sum_where(
            'paid_amount + contractual_amount',
            'coalesce(payers_before, 0) = 0 and not (is_unmatched or is_predetermination)'
        ) }}
            over (
                partition by claim_key
                order by payment_date
                range between unbounded preceding and current row
            ) as first_effect_amount,
        {{ sum_where(
            'paid_amount',
            'payers_before = 1 and not (is_unmatched or is_predetermination)'
        ) }}
            over (
                partition by claim_key
                order by payment_date
                range between unbounded preceding and current row
            ) as second_paid_amount,
        max(
            case
                when
                    coalesce(payers_before, 0) = 0
                    and not (is_reversal or is_predetermination)
                    then charge_amount
            end
        )
            over (partition by claim_key) as first_payer_charge_amount

    from remits

),

-- a payer that was billed for the rest alone has nothing to repeat
excess as (

    select
        remit_claim_key,
        direction,
        direction * contractual_amount as contractual_amount,
        direction * denied_amount as denied_amount,
        is_unmatched,
        case
            when
                is_later_payer
                and not is_unmatched
                and direction * charge_amount = first_payer_charge_amount
                then
                    greatest(
                        first_effect_amount
                        + case when payers_before = 2 then second_paid_amount else 0 end
                        - direction * earlier_payer_amount,
                        0
                    )
            else 0
        end as repeated_amount,
        claim_key,
        payer_key,
        payment_date,
        charge_amount,
        paid_amount,
        is_reversal,
        is_later_payer

    from preceded

),

-- the decision that a reversal of a later payer takes back: it takes back what was booked of it
taken_back as (

    select
        reversals.remit_claim_key,
        decisions.repeated_amount,
        row_number() over (
            partition by reversals.remit_claim_key
            order by decisions.payment_date desc, decisions.remit_claim_key desc
        ) as lateness

    from excess as reversals

    inner join excess as decisions
        on reversals.claim_key = decisions.claim_key
        and coalesce(reversals.payer_key, '') = coalesce(decisions.payer_key, '')
        and reversals.charge_amount = -decisions.charge_amount
        and reversals.paid_amount = -decisions.paid_amount
        and reversals.contractual_amount = decisions.contractual_amount
        and reversals.denied_amount = decisions.denied_amount
        and reversals.payment_date >= decisions.payment_date

    where
        reversals.is_reversal
        and reversals.is_later_payer
        and not reversals.is_unmatched
        and not decisions.is_reversal

),

repeats as (

    select
        excess.remit_claim_key,
        excess.direction,
        excess.is_unmatched,
        excess.contractual_amount,
        excess.denied_amount,
        coalesce(taken_back.repeated_amount, excess.repeated_amount) as repeated_amount

    from excess

    left join taken_back
        on excess.remit_claim_key = taken_back.remit_claim_key
        and taken_back.lateness = 1

),

-- a contract is believed before a denial
shares as (

    select
        remit_claim_key,
        direction,
        is_unmatched,
        direction * least(greatest(contractual_amount, 0), repeated_amount)
            as repeated_contractual_amount,
        direction * least(
            greatest(denied_amount, 0),
            repeated_amount - least(greatest(contractual_amount, 0), repeated_amount)
        ) as repeated_denied_amount,
        direction * contractual_amount as contractual_amount,
        direction * denied_amount as denied_amount

    from repeats

),

allocated as (

    select
        adjustments.*,
        shares.is_unmatched,
        case
            -- all of it is repeated, also that the first payer paid a line above its charge
            when
                adjustments.event_type = 'CONTRACTUAL'
                and shares.repeated_contractual_amount <> 0
                and shares.repeated_contractual_amount = shares.contractual_amount
                then adjustments.amount
            when
                adjustments.event_type = 'DENIAL_HOLD'
                and shares.repeated_denied_amount <> 0
                and shares.repeated_denied_amount = shares.denied_amount
                then adjustments.amount
            else
                coalesce(
                    {{ allocated_amount(
                        "case adjustments.event_type
                            when 'CONTRACTUAL' then shares.repeated_contractual_amount
                            else shares.repeated_denied_amount
                        end",
                        "case
                            when
                                adjustments.may_repeat
                                and shares.direction * adjustments.amount > 0
                                then abs(adjustments.amount)
                        end",
                        group_by=['adjustments.remit_claim_key', 'adjustments.event_type'],
                        order_by='adjustments.adjustment_no'
                    ) }},
                    0
                )
        end as repeated_amount

    from adjustments

    inner join shares
        on adjustments.remit_claim_key = shares.remit_claim_key

),

final as (

    select
        remit_claim_key,
        line_no,
        adjustment_no,
        group_code,
        reason_code,
        case when is_unmatched then 'UNMATCHED_REVERSAL' else event_type end as event_type,
        {{ money('amount - repeated_amount') }} as amount,
        false as is_repeated,
        _source_file,
        _source_position

    from allocated

    where amount <> repeated_amount

    union all

    select
        remit_claim_key,
        line_no,
        adjustment_no,
        group_code,
        reason_code,
        'TRANSFER_TO_SECONDARY' as event_type,
        {{ money('repeated_amount') }} as amount,
        true as is_repeated,
        _source_file,
        _source_position

    from allocated

    where repeated_amount <> 0

)

select * from final
