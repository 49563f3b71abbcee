-- Each claim with what decides how it is valued: who pays, for which kind of service, since when.
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_contract__expected',
    'int_claim__charges',
]}) }}
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

categories as (

    select
        claim_key,
        min(service_category) as service_category

    from {{ ref('int_contract__expected') }}

    group by claim_key

),

first_charges as (

    select
        claim_key,
        min(recorded_date) as recorded_date

    from {{ ref('int_claim__charges') }}

    group by claim_key

),

-- without a day of service, from the day on which the charge could be known
dated as (

    select
        headers.claim_key,
        headers.facility_key,
        headers.payer_key,
        coalesce(headers.service_date, first_charges.recorded_date) as service_date

    from headers

    left join first_charges
        on headers.claim_key = first_charges.claim_key

),

final as (

    select
        dated.claim_key,
        dated.facility_key,
        dated.payer_key,
        coalesce(payers.payer_class, 'Unknown') as payer_class,
        coalesce(payers.payer_class, 'Unknown') = 'Self-pay' as is_self_pay,
        coalesce(categories.service_category, 'Professional') as service_category,
        dated.service_date,
        {{ month_start('dated.service_date') }} as service_month

    from dated

    left join payers
        on dated.payer_key = payers.payer_key

    left join categories
        on dated.claim_key = categories.claim_key

)

select * from final
