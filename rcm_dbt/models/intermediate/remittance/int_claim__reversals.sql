-- Each reversal of a decision, and whether the decision that it takes back was ever received: one
-- of the same payer and an earlier payment, or one of the same amounts. What waits in quarantine
-- counts as received. The correction that comes with a reversal is not what it takes back, not even
-- where it is of the same amounts: in one payment, what is taken back stands beside its correction.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

held as (

    select
        claim_key,
        count(*) as held_count

    from {{ ref('int_rule__held_claims') }}

    where is_decision

    group by claim_key

),

reversals as (

    select * from remits

    where is_reversal

),

-- in one payment stands a reversal with its correction, which may be of the same amounts
own_payments as (

    select
        remit_payment_key,
        claim_key,
        payer_key,
        abs(charge_amount) as charge_amount,
        abs(paid_amount) as paid_amount,
        {{ sum_where('1', 'is_decision') }} - {{ sum_where('1', 'is_reversal') }} as over_count

    from remits

    where claim_key in (select reversals.claim_key from reversals)

    group by
        remit_payment_key,
        claim_key,
        payer_key,
        abs(charge_amount),
        abs(paid_amount)

),

found as (

    select
        reversals.remit_claim_key,
        count(*) as decision_count

    from reversals

    inner join remits as decisions
        on reversals.claim_key = decisions.claim_key
        and reversals.remit_payment_key <> decisions.remit_payment_key
        and decisions.is_decision
        and (
            (
                coalesce(reversals.payer_key, '') = coalesce(decisions.payer_key, '')
                and reversals.payment_date > decisions.payment_date
            )
            or (
                reversals.charge_amount = -decisions.charge_amount
                and reversals.paid_amount = -decisions.paid_amount
                and reversals.payment_date >= decisions.payment_date
            )
        )

    group by reversals.remit_claim_key

),

candidates as (

    select
        reversals.remit_claim_key,
        coalesce(found.decision_count, 0)
        + case when own_payments.over_count > 0 then own_payments.over_count else 0 end
            as decision_count

    from reversals

    left join found
        on reversals.remit_claim_key = found.remit_claim_key

    left join own_payments
        on reversals.remit_payment_key = own_payments.remit_payment_key
        and reversals.claim_key = own_payments.claim_key
        and coalesce(reversals.payer_key, '') = coalesce(own_payments.payer_key, '')
        and abs(reversals.charge_amount) = own_payments.charge_amount
        and abs(reversals.paid_amount) = own_payments.paid_amount

),

counted as (

    select
        reversals.*,
        coalesce(candidates.decision_count, 0) + coalesce(held.held_count, 0) as decision_count

    from reversals

    left join candidates
        on reversals.remit_claim_key = candidates.remit_claim_key

    left join held
        on reversals.claim_key = held.claim_key

),

-- a decision is taken back once: of several reversals the first finds it
numbered as (

    select
        remit_claim_key,
        decision_count,
        row_number() over (
            partition by claim_key, payer_key, decision_count > 0
            order by payment_date, remit_claim_key
        ) as reversal_number

    from counted

),

final as (

    select
        remit_claim_key,
        reversal_number > decision_count as is_unmatched

    from numbered

)

select * from final
