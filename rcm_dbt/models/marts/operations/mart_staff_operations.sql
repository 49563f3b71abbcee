-- What revenue-cycle staff did, per person, month and activity. Claims and visits are counted once
-- however often they were touched, so these counts do not add up over rows.
with

work as (

    select * from {{ ref('int_staff__work') }}

),

staff as (

    select * from {{ ref('int_staff__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

claims as (

    select
        claim_key,
        is_ever_denied

    from {{ ref('int_claim__enriched') }}

),

final as (

    select
        {{ surrogate_key(['work.staff_key', month_start('work.work_date'), 'work.activity']) }}
            as staff_operation_key,
        {{ month_start('work.work_date') }} as activity_month,
        work.activity,
        work.staff_key,
        staff.staff_name,
        staff.staff_role,
        staff.staff_department,
        facilities.facility_key,
        count(*) as task_count,
        cast(sum(work.work_minutes) as {{ dbt.type_bigint() }}) as work_minutes,
        count(distinct work.claim_key) as claim_count,
        count(distinct work.encounter_key) as encounter_count,
        count(distinct case when claims.is_ever_denied then work.claim_key end)
            as denied_claim_count

    from work

    left join staff
        on work.staff_key = staff.staff_key

    left join facilities
        on work.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    left join claims
        on work.claim_key = claims.claim_key

    group by
        {{ month_start('work.work_date') }},
        work.activity,
        work.staff_key,
        staff.staff_name,
        staff.staff_role,
        staff.staff_department,
        facilities.facility_key

)

select * from final
