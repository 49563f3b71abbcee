-- One row per member of staff of every hospital, in the version received last.
with

staff as (

    {{ union_hospitals('staff') }}

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

)

select
    {{ surrogate_key(['source_system', 'staff_id']) }} as staff_key,
    source_system,
    staff_id,
    nullif({{ join_texts(['first_name', 'last_name'], ' ') }}, '') as staff_name,
    staff_role,
    hired_date

from ranked

where version_rank = 1
