-- What was charged and what cash came in, by calendar month and hospital? Cash that has not cleared
-- is shown beside it.
with

charged as (

    select
        facility_key,
        {{ month_start('service_date') }} as activity_month,
        sum(charge_amount) as charge_amount

    from {{ ref('fct_claims') }}

    group by
        facility_key,
        {{ month_start('service_date') }}

),

collected as (

    select
        facility_key,
        {{ month_start('collection_date') }} as activity_month,
        sum(collected_amount) as collected_amount,
        sum(cleared_amount) as cleared_amount

    from {{ ref('fct_collections') }}

    group by
        facility_key,
        {{ month_start('collection_date') }}

)

select
    facilities.facility_name,
    coalesce(charged.activity_month, collected.activity_month) as activity_month,
    coalesce(charged.charge_amount, 0) as charge_amount,
    coalesce(collected.collected_amount, 0) as collected_amount,
    coalesce(collected.cleared_amount, 0) as cleared_amount

from charged

full outer join collected
    on charged.facility_key = collected.facility_key
    and charged.activity_month = collected.activity_month

left join {{ ref('dim_facility') }} as facilities
    on coalesce(charged.facility_key, collected.facility_key) = facilities.facility_key

order by
    activity_month asc,
    facilities.facility_name asc
