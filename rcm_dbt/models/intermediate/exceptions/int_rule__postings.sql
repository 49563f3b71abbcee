-- What was booked of a payer's answer and needs a look: reasons that no list knows (C11, C14), a
-- claim on which more is open, denied or settled than was charged (C12), and a later
-- payer that repeats what an earlier one paid and took off (C13).
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

last_remits as (

    select
        *,
        row_number() over (partition by claim_key order by remit_number desc) as remit_rank,
        -- what was denied may have been charged more than what replaced it
        max(charge_amount) over (partition by claim_key) as decided_charge_amount

    from remits

    where not is_predetermination

),

financials as (

    select * from {{ ref('int_claim__financials') }}

),

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

),

unclassified as (

    select
        remit_claim_key,
        group_code,
        reason_code,
        sum(amount) as amount

    from {{ ref('int_claim__remit_adjustments') }}

    where event_type = 'UNCLASSIFIED_ADJUSTMENT' or category = 'Not on the list'

    group by
        remit_claim_key,
        group_code,
        reason_code

),

repeated as (

    select
        remit_claim_key,
        sum(amount) as amount

    from {{ ref('int_claim__posted_adjustments') }}

    where is_repeated

    group by remit_claim_key

),

unlisted as (

    select
        provider_adjustments.*,
        payments.source_system,
        payments.trace_number

    from {{ ref('int_cash__provider_adjustments') }} as provider_adjustments

    inner join payments
        on provider_adjustments.remit_payment_key = payments.remit_payment_key

    where provider_adjustments.event_type = 'UNAPPLIED_CASH'

),

unclassified_reasons as (

    select
        {{ finding(
            "'C11'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='unclassified.amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
            detail=dbt.concat([
                "coalesce(unclassified.group_code, '')", "'-'",
                "coalesce(unclassified.reason_code, 'no reason')",
            ]),
        ) }}

    from unclassified

    inner join remits
        on unclassified.remit_claim_key = remits.remit_claim_key

),

claim_sums as (

    select
        last_remits.*,
        financials.open_amount - financials.charge_amount as open_above_amount,
        financials.denied_amount
        - greatest(financials.charge_amount, last_remits.decided_charge_amount)
            as denied_above_amount,
        financials.payer_paid_amount + financials.contractual_amount
        - greatest(financials.charge_amount, last_remits.decided_charge_amount)
            as settled_above_amount

    from last_remits

    inner join financials
        on last_remits.claim_key = financials.claim_key

    where last_remits.remit_rank = 1

),

above_charge as (

    select
        {{ finding(
            "'C12'",
            "'claim'",
            'claim_sums.claim_id',
            'claim_sums',
            amount='greatest(claim_sums.open_above_amount, claim_sums.denied_above_amount, '
                ~ 'claim_sums.settled_above_amount)',
            claim_key='claim_sums.claim_key',
            facility_key='claim_sums.facility_key',
            payer_key='claim_sums.payer_key',
        ) }}

    from claim_sums

    where
        claim_sums.open_above_amount > 0
        or claim_sums.denied_above_amount > 0
        or claim_sums.settled_above_amount > 0

),

repeated_effects as (

    select
        {{ finding(
            "'C13'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='repeated.amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from repeated

    inner join remits
        on repeated.remit_claim_key = remits.remit_claim_key

    where not remits.is_reversal

),

unlisted_adjustments as (

    select
        {{ finding(
            "'C14'",
            "'payment'",
            'unlisted.trace_number',
            'unlisted',
            amount='-unlisted.amount',
            facility_key='unlisted.facility_key',
            payer_key='unlisted.payer_key',
            detail="coalesce(unlisted.reason_code, 'no reason')",
        ) }}

    from unlisted

),

final as (

    select * from unclassified_reasons
    union all
    select * from above_charge
    union all
    select * from repeated_effects
    union all
    select * from unlisted_adjustments

)

select * from final
