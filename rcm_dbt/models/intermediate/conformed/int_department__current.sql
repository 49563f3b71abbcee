-- One row per department of every hospital, in the version received last, and of each that a visit,
-- an appointment or a bill names and the list does not have.
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

named as (

    select
        source_system,
        department_id

    from {{ ref('stg_hospital__encounters') }}

    {{ union_distinct() }}

    select
        source_system,
        department_id

    from {{ ref('stg_hospital__appointments') }}

    {{ union_distinct() }}

    select
        source_system,
        department_id

    from {{ ref('stg_hospital__transactions') }}

),

known as (

    select
        source_system,
        department_id,
        department_name,
        false as is_inferred

    from ranked

    where version_rank = 1

    union all

    select
        named.source_system,
        named.department_id,
        {{ dbt.concat(["'Not on the list: '", 'named.department_id']) }} as department_name,
        true as is_inferred

    from named

    left join ranked
        on named.source_system = ranked.source_system
        and named.department_id = ranked.department_id
        and ranked.version_rank = 1

    where ranked.department_id is null and named.department_id is not null

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

    where is_main

),

final as (

    select
        {{ surrogate_key(['known.source_system', 'known.department_id']) }} as department_key,
        known.source_system,
        known.department_id,
        known.department_name,
        known.is_inferred,
        -- a hospital that the list does not know goes by the name of its system
        {{ surrogate_key([
            "'operations'", 'coalesce(facilities.facility_id, known.source_system)',
        ]) }} as facility_key

    from known

    left join facilities
        on known.source_system = facilities.source_system

)

select * from final
