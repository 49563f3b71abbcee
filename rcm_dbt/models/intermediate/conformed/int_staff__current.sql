-- One row per member of staff of every hospital, in the version received last.
with

staff as (

    select * from {{ ref('stg_hospital__staff') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, staff_id
            order by
                recorded_date desc,
                staff_role desc,
                last_name desc,
                first_name desc,
                hired_date desc
        ) as version_rank

    from staff

    where staff_id is not null

),

departments as (

    select * from {{ ref('staff_departments') }}

)

select
    {{ surrogate_key(['ranked.source_system', 'ranked.staff_id']) }} as staff_key,
    ranked.source_system,
    ranked.staff_id,
    nullif({{ join_texts(['ranked.first_name', 'ranked.last_name'], ' ') }}, '') as staff_name,
    ranked.staff_role,
    departments.staff_department,
    ranked.hired_date

from ranked

left join departments
    on ranked.staff_role = departments.staff_role

where ranked.version_rank = 1
