-- What facilities earned, received and cost by month, for those who may not see single patients:
-- facilities and months with too few patients stand merged, so that totals are those of the ledger.
with

facility_months as (

    select * from {{ ref('int_privacy__facility_months') }}

),

cells as (

    select
        margins.*,
        facility_months.shown_month,
        facility_months.shown_facility_key,
        coalesce(facility_months.is_other, true) as is_other,
        coalesce(facility_months.shown_key, 'unknown') as shown_key,
        case when facility_months.has_enough then 1 end as is_shown

    from {{ ref('mart_facility_margin') }} as margins

    left join facility_months
        on coalesce(margins.facility_key, 'none') = coalesce(facility_months.facility_key, 'none')
        and margins.activity_month = facility_months.activity_month

),

counted as (

    select
        facility_months.shown_key,
        count(distinct activity.person_key) as people_count

    from facility_months

    inner join {{ ref('int_privacy__activity') }} as activity
        on coalesce(facility_months.facility_key, 'none') = coalesce(activity.facility_key, 'none')
        and facility_months.activity_month = activity.activity_month

    group by facility_months.shown_key

),

summed as (

    select
        shown_key,
        shown_month,
        is_other,
        shown_facility_key,
        sum(is_shown * charge_amount) as charge_amount,
        sum(is_shown * net_revenue_amount) as net_revenue_amount,
        sum(is_shown * cash_amount) as cash_amount,
        sum(is_shown * cost_amount) as cost_amount,
        sum(is_shown * margin_amount) as margin_amount,
        sum(is_shown * cash_margin_amount) as cash_margin_amount

    from cells

    group by
        shown_key,
        shown_month,
        is_other,
        shown_facility_key

),

final as (

    select
        summed.shown_key as scorecard_key,
        summed.shown_month as activity_month,
        summed.is_other,
        summed.shown_facility_key as facility_key,
        case
            when summed.charge_amount is not null
                then cast(counted.people_count as {{ dbt.type_bigint() }})
        end as people_count,
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.net_revenue_amount') }} as net_revenue_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        {{ money('summed.cost_amount') }} as cost_amount,
        {{ money('summed.margin_amount') }} as margin_amount,
        {{ money('summed.cash_margin_amount') }} as cash_margin_amount

    from summed

    left join counted
        on summed.shown_key = counted.shown_key

)

select * from final
