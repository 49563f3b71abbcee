-- One row per member of staff of every hospital, in the version received last, and of whoever
-- logged work without being listed.
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

),

listed as (

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

),

-- whoever logged work and is on no list
unlisted as (

    select distinct
        work.staff_key,
        work.source_system,
        work.staff_id,
        {{ dbt.concat(["'Not on the list: '", 'work.staff_id']) }} as staff_name,
        cast(null as {{ dbt.type_string() }}) as staff_role,
        cast(null as {{ dbt.type_string() }}) as staff_department,
        cast(null as date) as hired_date

    from {{ ref('int_staff__work') }} as work

    left join listed
        on work.staff_key = listed.staff_key

    where listed.staff_key is null and work.staff_key is not null

),

final as (

    select * from listed
    union all
    select * from unlisted

)

select * from final
