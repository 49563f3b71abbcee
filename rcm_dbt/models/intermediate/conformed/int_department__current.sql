-- One row per department of every hospital, in the version received last.
with

departments as (

    select * from {{ ref('stg_hospital__departments') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, department_id
            order by recorded_date desc, department_name desc
        ) as version_rank

    from departments

    where department_id is not null

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

    where is_main

),

final as (

    select
        {{ surrogate_key(['ranked.source_system', 'ranked.department_id']) }} as department_key,
        ranked.source_system,
        ranked.department_id,
        ranked.department_name,
        -- a hospital that the list does not know goes by the name of its system
        {{ surrogate_key([
            "'operations'", 'coalesce(facilities.facility_id, ranked.source_system)',
        ]) }} as facility_key

    from ranked

    left join facilities
        on ranked.source_system = facilities.source_system

    where ranked.version_rank = 1

)

select * from final
