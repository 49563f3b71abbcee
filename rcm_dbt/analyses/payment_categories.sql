-- Claims by how far they are paid: pending, denied, partial, paid.
with

categories as (

    select
        charge_amount,
        payer_paid_amount + patient_paid_amount as paid_amount,
        case
            when first_remit_date is null and payer_paid_amount + patient_paid_amount = 0
                then 'pending'
            when payer_paid_amount + patient_paid_amount <= 0 then 'nothing paid'
            when open_amount > 0 then 'partial'
            else 'paid'
        end as payment_category

    from {{ ref('fct_claims') }}

)

select
    payment_category,
    count(*) as claim_count,
    sum(charge_amount) as charge_amount,
    sum(paid_amount) as paid_amount

from categories

group by payment_category

order by payment_category asc
