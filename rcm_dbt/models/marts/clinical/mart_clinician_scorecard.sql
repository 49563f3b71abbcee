-- How clinician work turns into dollars, for those who may not see single patients: clinicians with
-- too few patients stand merged within their facility and month, so that totals are those of the
-- ledger.
with

facility_months as (

    select * from {{ ref('int_privacy__facility_months') }}

),

cells as (

    select
        productivity.*,
        facility_months.shown_month,
        facility_months.shown_facility_key,
        coalesce(facility_months.is_other, true) as is_other_facility,
        coalesce(facility_months.has_enough, false) as has_enough,
        coalesce(facility_months.shown_key, 'unknown') as shown_key,
        coalesce(productivity.provider_key, 'none') as part_key

    from {{ ref('mart_clinician_productivity') }} as productivity

    left join facility_months
        on coalesce(productivity.facility_key, 'none')
        = coalesce(facility_months.facility_key, 'none')
        and productivity.activity_month = facility_months.activity_month

),

-- a cost or a cash line may be of nobody that is known
people as (

    select
        cells.shown_key,
        cells.part_key,
        coalesce(activity.counted_as, 'all') as counted_as,
        activity.person_key

    from cells

    left join {{ ref('int_privacy__activity') }} as activity
        on cells.part_key = coalesce(activity.provider_key, 'none')
        and coalesce(cells.facility_key, 'none') = coalesce(activity.facility_key, 'none')
        and cells.activity_month = activity.activity_month

),

{{ merged_cells('clinicians', 'people', 'shown_key', 'part_key') }},

placed as (

    select
        cells.*,
        cells.is_other_facility or clinicians.is_merged as is_other,
        case
            when not cells.is_other_facility and not clinicians.is_merged then cells.provider_key
        end as shown_provider_key,
        case when cells.has_enough then 1 end as is_shown

    from cells

    inner join clinicians
        on cells.shown_key = clinicians.group_key
        and cells.part_key = clinicians.cell_key

),

keyed as (

    select
        *,
        {{ surrogate_key([
            'shown_month', 'is_other', 'shown_provider_key', 'shown_facility_key'
        ]) }} as scorecard_key

    from placed

),

counted as (

    select
        keyed.scorecard_key,
        count(distinct people.person_key) as people_count

    from keyed

    inner join people
        on keyed.shown_key = people.shown_key
        and keyed.part_key = people.part_key

    group by keyed.scorecard_key

),

summed as (

    select
        scorecard_key,
        shown_month,
        is_other,
        shown_provider_key,
        shown_facility_key,
        max(case when is_other then null else provider_name end) as provider_name,
        max(case when is_other then null else specialty end) as specialty,
        sum(is_shown * encounter_count) as encounter_count,
        sum(is_shown * work_rvu) as work_rvu,
        sum(is_shown * charge_amount) as charge_amount,
        sum(is_shown * cohort_cash_amount) as cohort_cash_amount,
        sum(is_shown * open_amount) as open_amount,
        sum(is_shown * denied_amount) as denied_amount,
        sum(is_shown * cash_amount) as cash_amount,
        sum(is_shown * target_work_rvu) as target_work_rvu,
        sum(is_shown * net_revenue_amount) as net_revenue_amount,
        sum(is_shown * facility_net_revenue_amount) as facility_net_revenue_amount,
        sum(is_shown * facility_cash_amount) as facility_cash_amount,
        sum(is_shown * professional_cost_amount) as professional_cost_amount

    from keyed

    group by
        scorecard_key,
        shown_month,
        is_other,
        shown_provider_key,
        shown_facility_key

),

final as (

    select
        summed.scorecard_key,
        summed.shown_month as activity_month,
        summed.is_other,
        summed.shown_provider_key as provider_key,
        summed.provider_name,
        summed.specialty,
        summed.shown_facility_key as facility_key,
        case
            when summed.encounter_count is not null
                then cast(counted.people_count as {{ dbt.type_bigint() }})
        end as people_count,
        cast(summed.encounter_count as {{ dbt.type_bigint() }}) as encounter_count,
        cast(summed.work_rvu as decimal(18, 2)) as work_rvu,
        cast(summed.target_work_rvu as decimal(18, 2)) as target_work_rvu,
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.cohort_cash_amount') }} as cohort_cash_amount,
        {{ money('summed.open_amount') }} as open_amount,
        {{ money('summed.denied_amount') }} as denied_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        {{ money('summed.net_revenue_amount') }} as net_revenue_amount,
        {{ money('summed.facility_net_revenue_amount') }} as facility_net_revenue_amount,
        {{ money('summed.facility_cash_amount') }} as facility_cash_amount,
        {{ money('summed.professional_cost_amount') }} as professional_cost_amount

    from summed

    inner join counted
        on summed.scorecard_key = counted.scorecard_key

)

select * from final
