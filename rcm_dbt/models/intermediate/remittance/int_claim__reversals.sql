-- Each reversal of a decision, and whether the decision that it takes back was ever received: one
-- of the same payer and an earlier payment, or one of the same amounts. What waits in quarantine
-- counts as received. The correction that comes with a reversal is not what it takes back.
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

candidates as (

    select
        reversals.remit_claim_key,
        count(*) as decision_count

    from reversals

    inner join remits as decisions
        on reversals.claim_key = decisions.claim_key
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
