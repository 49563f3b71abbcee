-- What a claim teaches about claims like it, once its answer is old enough: which share of the
-- charge was allowed, which share of that was the patient's, how much of a patient's share and of a
-- denial came in. All as it stood on the day of its maturity; what came later teaches nothing.
{{ config(meta={'claims_from': ['int_valuation__claims', 'int_valuation__positions']}) }}
with

claims as (

    select * from {{ ref('int_valuation__claims') }}

),

positions as (

    select * from {{ ref('int_valuation__positions') }}

),

outcomes as (

    select
        claims.claim_key,
        claims.payer_key,
        claims.payer_class,
        claims.service_category,
        claims.is_self_pay,
        positions.mature_date,
        positions.charge_amount,
        positions.contractual_amount,
        positions.patient_paid_amount,
        positions.denial_write_off_amount,
        positions.patient_write_off_amount,
        positions.patient_open_amount,
        greatest(positions.balance_amount, 0) - positions.patient_open_amount as payer_open_amount,
        coalesce(answers.denied_amount, 0) as first_denied_amount,
        coalesce(answers.patient_share_amount, 0) as first_patient_amount,
        coalesce(answers.contractual_amount, 0) as first_contractual_amount

    from positions

    inner join claims
        on positions.claim_key = claims.claim_key

    left join positions as answers
        on positions.claim_key = answers.claim_key
        and positions.answered_date = answers.recorded_date

    where positions.recorded_date = positions.mature_date

),

-- what the payer left to the patient as a whole, it did not price
settled as (

    select
        *,
        first_patient_amount < charge_amount as is_priced_by_payer,
        charge_amount - denial_write_off_amount - payer_open_amount as settled_amount,
        charge_amount - denial_write_off_amount - payer_open_amount - contractual_amount
            as allowed_amount

    from outcomes

),

lessons as (

    select
        *,
        'allowed of charges' as rate_kind,
        settled_amount as base_amount,
        allowed_amount as outcome_amount

    from settled

    where not is_self_pay and is_priced_by_payer

    union all

    select
        *,
        'patient share of allowed' as rate_kind,
        allowed_amount as base_amount,
        first_patient_amount as outcome_amount

    from settled

    where not is_self_pay and is_priced_by_payer and first_denied_amount <= 0

    union all

    select
        *,
        'collected of patient share' as rate_kind,
        first_patient_amount as base_amount,
        first_patient_amount
        - patient_write_off_amount
        - patient_open_amount
        - greatest(contractual_amount - first_contractual_amount, 0) as outcome_amount

    from settled

    where not is_self_pay and is_priced_by_payer and first_denied_amount <= 0

    union all

    select
        *,
        'recovered of denials' as rate_kind,
        first_denied_amount as base_amount,
        first_denied_amount - denial_write_off_amount - payer_open_amount as outcome_amount

    from settled

    where not is_self_pay

    union all

    select
        *,
        'collected of self-pay' as rate_kind,
        charge_amount as base_amount,
        patient_paid_amount as outcome_amount

    from settled

    where is_self_pay

),

final as (

    select
        claim_key,
        rate_kind,
        payer_key,
        payer_class,
        service_category,
        mature_date,
        {{ money('base_amount') }} as base_amount,
        {{ money('least(greatest(outcome_amount, 0), base_amount)') }} as outcome_amount

    from lessons

    where base_amount > 0

)

select * from final
