-- One row per task that someone logged, in its latest version.
with

work_log as (

    select * from {{ ref('stg_hospital__work_log') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, work_id
            order by
                modified_at desc,
                work_minutes desc,
                activity desc,
                work_date desc,
                staff_id desc,
                encounter_id desc,
                claim_id desc
        ) as version_rank

    from work_log

)

select
    {{ surrogate_key(['source_system', 'work_id']) }} as work_key,
    source_system,
    work_id,
    staff_id,
    {{ foreign_key(['source_system', 'staff_id']) }} as staff_key,
    {{ foreign_key(['source_system', 'encounter_id']) }} as encounter_key,
    {{ foreign_key(['source_system', 'claim_id']) }} as claim_key,
    activity,
    work_date,
    work_minutes,
    recorded_date,
    _source_file,
    _source_position

from ranked

where version_rank = 1
