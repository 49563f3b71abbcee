-- How clinician work turns into dollars, for those who may not see single patients: clinicians and
-- months with too few patients stand merged, so that totals are those of the ledger.
with

cells as (

    select
        *,
        {{ surrogate_key(['activity_month']) }} as month_key,
        {{ surrogate_key(['provider_key', 'facility_key']) }} as part_key

    from {{ ref('mart_clinician_productivity') }}

),

records as (

    select
        patient_key,
        provider_key,
        facility_key,
        encounter_date as activity_date

    from {{ ref('fct_encounters') }}

    union all

    select
        patient_key,
        provider_key,
        facility_key,
        service_date as activity_date

    from {{ ref('fct_claims') }}

    union all

    select
        claims.patient_key,
        entries.provider_key,
        entries.facility_key,
        entries.event_date as activity_date

    from {{ ref('fct_ledger_entries') }} as entries

    inner join {{ ref('fct_claims') }} as claims
        on entries.claim_key = claims.claim_key

    where entries.cash_amount <> 0

),

people_by_month as (

    select distinct
        members.person_key,
        {{ surrogate_key([month_start('records.activity_date')]) }} as month_key,
        {{ surrogate_key(['records.provider_key', 'records.facility_key']) }} as part_key

    from records

    inner join {{ ref('int_person__members') }} as members
        on records.patient_key = members.patient_key

),

-- a cost or a cash line may be of nobody that is known
people as (

    select
        'all clinicians' as subject_key,
        cells.month_key,
        cells.part_key,
        people_by_month.person_key

    from cells

    left join people_by_month
        on cells.month_key = people_by_month.month_key
        and cells.part_key = people_by_month.part_key

),

{{ small_cells('people') }},

placed as (

    select
        cells.*,
        places.is_other,
        case when places.has_enough then 1 end as is_shown,
        case when not places.is_other_month then cells.activity_month end as shown_month,
        case when not places.is_other then cells.provider_key end as shown_provider_key,
        case when not places.is_other then cells.facility_key end as shown_facility_key

    from cells

    inner join places
        on cells.month_key = places.month_key
        and cells.part_key = places.part_key

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
        on keyed.month_key = people.month_key
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
        sum(is_shown * allocated_cost_amount) as allocated_cost_amount

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
        {{ money('summed.charge_amount') }} as charge_amount,
        {{ money('summed.cohort_cash_amount') }} as cohort_cash_amount,
        {{ money('summed.open_amount') }} as open_amount,
        {{ money('summed.denied_amount') }} as denied_amount,
        {{ money('summed.cash_amount') }} as cash_amount,
        {{ money('summed.allocated_cost_amount') }} as allocated_cost_amount

    from summed

    inner join counted
        on summed.scorecard_key = counted.scorecard_key

)

select * from final
