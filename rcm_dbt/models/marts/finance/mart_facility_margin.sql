-- What each facility earned, received and cost in each month. Net revenue is accrued: what services
-- are expected to bring in, and the month's true-ups; the margin is on cash and on net revenue.
with

revenue as (

    select
        facility_key,
        revenue_month as activity_month,
        gross_revenue_amount,
        net_revenue_amount,
        {{ money(0) }} as cash_amount,
        {{ money(0) }} as cost_amount,
        0 as cost_count,
        0 as work_rvu,
        0 as encounter_count

    from {{ ref('int_kpi__revenue') }}

),

-- all that moves the bank, also what a payer settles outside any claim
cash as (

    select
        facility_key,
        {{ month_start('event_date') }} as activity_month,
        {{ money(0) }} as gross_revenue_amount,
        {{ money(0) }} as net_revenue_amount,
        cash_amount,
        {{ money(0) }} as cost_amount,
        0 as cost_count,
        0 as work_rvu,
        0 as encounter_count

    from {{ ref('int_ledger__entries') }}

    where cash_amount <> 0

),

costs as (

    select
        facility_key,
        cost_month as activity_month,
        {{ money(0) }} as gross_revenue_amount,
        {{ money(0) }} as net_revenue_amount,
        {{ money(0) }} as cash_amount,
        cost_amount,
        1 as cost_count,
        0 as work_rvu,
        0 as encounter_count

    from {{ ref('int_facility__costs') }}

),

work as (

    select
        facility_key,
        {{ month_start('encounter_date') }} as activity_month,
        {{ money(0) }} as gross_revenue_amount,
        {{ money(0) }} as net_revenue_amount,
        {{ money(0) }} as cash_amount,
        {{ money(0) }} as cost_amount,
        0 as cost_count,
        work_rvu,
        1 as encounter_count

    from {{ ref('fct_encounters') }}

),

combined as (

    select * from revenue
    union all
    select * from cash
    union all
    select * from costs
    union all
    select * from work

),

summed as (

    select
        facility_key,
        activity_month,
        sum(encounter_count) as encounter_count,
        sum(work_rvu) as work_rvu,
        sum(gross_revenue_amount) as charge_amount,
        sum(net_revenue_amount) as net_revenue_amount,
        sum(cash_amount) as cash_amount,
        case when sum(cost_count) > 0 then sum(cost_amount) end as cost_amount

    from combined

    group by
        facility_key,
        activity_month

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        {{ surrogate_key(['summed.facility_key', 'summed.activity_month']) }}
            as facility_month_key,
        summed.facility_key,
        facilities.facility_name,
        summed.activity_month,
        cast(summed.encounter_count as {{ dbt.type_bigint() }}) as encounter_count,
        cast(summed.work_rvu as decimal(18, 2)) as work_rvu,
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.net_revenue_amount') }} as net_revenue_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        {{ money('summed.cost_amount') }} as cost_amount,
        {{ money('summed.net_revenue_amount - summed.cost_amount') }} as margin_amount,
        {{ money('summed.cash_amount - summed.cost_amount') }} as cash_margin_amount

    from summed

    left join facilities
        on summed.facility_key = facilities.facility_key

    where
        summed.encounter_count <> 0
        or summed.work_rvu <> 0
        or summed.charge_amount <> 0
        or summed.net_revenue_amount <> 0
        or summed.cash_amount <> 0
        or summed.cost_amount is not null

)

select * from final
