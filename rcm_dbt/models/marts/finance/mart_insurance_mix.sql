-- Who pays: visits of each month and facility and what was claimed for their services, by class of
-- payer, each beside the total of the month. A share is the one over the other, and never summed.
with

payers as (

    select * from {{ ref('int_payer__current') }}

),

visits as (

    select
        {{ month_start('front_end.encounter_date') }} as activity_month,
        front_end.facility_key,
        coalesce(payers.payer_class, 'Unknown') as payer_class,
        count(*) as visit_count

    from {{ ref('int_encounter__front_end') }} as front_end

    left join payers
        on front_end.payer_key = payers.payer_key

    group by
        {{ month_start('front_end.encounter_date') }},
        front_end.facility_key,
        coalesce(payers.payer_class, 'Unknown')

),

claims as (

    select
        {{ month_start('claims.service_date') }} as activity_month,
        claims.facility_key,
        coalesce(payers.payer_class, 'Unknown') as payer_class,
        count(*) as claim_count,
        sum(claims.charge_amount) as charge_amount,
        sum(claims.payer_paid_amount + claims.patient_paid_amount) as paid_amount

    from {{ ref('int_claim__enriched') }} as claims

    left join payers
        on claims.payer_key = payers.payer_key

    group by
        {{ month_start('claims.service_date') }},
        claims.facility_key,
        coalesce(payers.payer_class, 'Unknown')

),

combined as (

    select
        activity_month,
        facility_key,
        payer_class,
        visit_count,
        0 as claim_count,
        {{ money(0) }} as charge_amount,
        {{ money(0) }} as paid_amount

    from visits

    union all

    select
        activity_month,
        facility_key,
        payer_class,
        0 as visit_count,
        claim_count,
        charge_amount,
        paid_amount

    from claims

),

summed as (

    select
        activity_month,
        facility_key,
        payer_class,
        sum(visit_count) as visit_count,
        sum(claim_count) as claim_count,
        sum(charge_amount) as charge_amount,
        sum(paid_amount) as paid_amount

    from combined

    group by
        activity_month,
        facility_key,
        payer_class

),

totals as (

    select
        *,
        sum(visit_count) over (partition by activity_month, facility_key) as month_visit_count,
        sum(claim_count) over (partition by activity_month, facility_key) as month_claim_count,
        sum(charge_amount) over (partition by activity_month, facility_key) as month_charge_amount,
        sum(paid_amount) over (partition by activity_month, facility_key) as month_paid_amount

    from summed

),

final as (

    select
        {{ surrogate_key(['activity_month', 'facility_key', 'payer_class']) }}
            as insurance_mix_key,
        activity_month,
        facility_key,
        payer_class,
        cast(visit_count as {{ dbt.type_bigint() }}) as visit_count,
        cast(claim_count as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('charge_amount') }} as charge_amount,
        {{ money('paid_amount') }} as paid_amount,
        cast(month_visit_count as {{ dbt.type_bigint() }}) as month_visit_count,
        cast(month_claim_count as {{ dbt.type_bigint() }}) as month_claim_count,
        {{ money('month_charge_amount') }} as month_charge_amount,
        {{ money('month_paid_amount') }} as month_paid_amount

    from totals

)

select * from final
