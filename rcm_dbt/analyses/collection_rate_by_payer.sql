-- How much of what was charged, and of what contracts allow, has been collected?
with

summed as (

    select
        payer_key,
        sum(charge_amount) as charge_amount,
        sum(charge_amount - contractual_amount) as net_charge_amount,
        sum(payer_paid_amount + patient_paid_amount) as collected_amount

    from {{ ref('fct_claims') }}

    group by payer_key

)

select
    payers.payer_name,
    summed.charge_amount,
    summed.net_charge_amount,
    summed.collected_amount,
    cast(summed.collected_amount / nullif(summed.charge_amount, 0) as decimal(9, 4))
        as gross_collection_rate,
    cast(summed.collected_amount / nullif(summed.net_charge_amount, 0) as decimal(9, 4))
        as collected_after_contracts_rate

from summed

left join {{ ref('dim_payer') }} as payers
    on summed.payer_key = payers.payer_key

order by
    summed.charge_amount desc,
    payers.payer_name asc
