-- How many days does a payer take from the first submission to its first decision and payment?
-- Days keep their sign: a decision before the claim is an error to find, not to hide.
with

lags as (

    select
        payer_key,
        {{ days_between('first_submitted_date', 'first_remit_date') }} as decision_days,  -- noqa: LT05
        {{ days_between('first_submitted_date', 'first_payer_payment_date') }} as payment_days  -- noqa: LT05

    from {{ ref('fct_claims') }}

    where first_submitted_date is not null

)

select
    payers.payer_name,
    count(lags.decision_days) as decided_claim_count,
    cast(sum(lags.decision_days) * 1.0 / nullif(count(lags.decision_days), 0) as decimal(9, 1))
        as average_decision_days,
    count(lags.payment_days) as paid_claim_count,
    cast(sum(lags.payment_days) * 1.0 / nullif(count(lags.payment_days), 0) as decimal(9, 1))
        as average_payment_days,
    {{ sum_where('1', 'lags.decision_days < 0') }} as decided_before_sent_count

from lags

left join {{ ref('dim_payer') }} as payers
    on lags.payer_key = payers.payer_key

group by payers.payer_name

order by
    average_decision_days desc,
    payers.payer_name asc
