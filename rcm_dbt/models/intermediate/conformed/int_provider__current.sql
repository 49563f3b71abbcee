-- One row per clinician of every system, in the latest version that was known by the reporting
-- date. The hospitals do not date these lists, so a clinician first seen later counts from the
-- start: an old visit keeps its clinician's name.
with

providers as (

    select * from {{ ref('stg_hospital__providers') }}

),

departments as (

    select * from {{ ref('stg_hospital__departments') }}

),

ranked_providers as (

    select
        *,
        row_number() over (
            partition by source_system, provider_id
            order by
                case when recorded_date <= {{ as_of_date() }} then 0 else 1 end,
                case when recorded_date <= {{ as_of_date() }} then recorded_date end desc,
                recorded_date,
                npi desc,
                last_name desc,
                first_name desc,
                specialty desc,
                department_id desc
        ) as version_rank

    from providers

),

ranked_departments as (

    select
        *,
        row_number() over (
            partition by source_system, department_id
            order by
                case when recorded_date <= {{ as_of_date() }} then 0 else 1 end,
                case when recorded_date <= {{ as_of_date() }} then recorded_date end desc,
                recorded_date,
                department_name desc
        ) as version_rank

    from departments

),

hospital_providers as (

    select
        providers.source_system,
        providers.provider_id,
        providers.npi,
        nullif({{ join_texts(['providers.first_name', 'providers.last_name'], ' ') }}, '')
            as provider_name,
        providers.specialty,
        departments.department_name

    from ranked_providers as providers

    left join ranked_departments as departments
        on providers.source_system = departments.source_system
        and providers.department_id = departments.department_id
        and departments.version_rank = 1

    where providers.version_rank = 1

),

-- a Synthea clinician has neither a national identifier nor a department
synthea_providers as (

    select
        source_system,
        provider_id,
        cast(null as {{ dbt.type_string() }}) as npi,
        provider_name,
        specialty,
        cast(null as {{ dbt.type_string() }}) as department_name

    from {{ ref('stg_synthea__providers') }}

),

unioned as (

    select * from hospital_providers
    union all
    select * from synthea_providers

),

listed as (

    select
        {{ surrogate_key(['source_system', 'provider_id']) }} as provider_key,
        source_system,
        provider_id,
        npi,
        provider_name,
        specialty,
        department_name,
        false as is_inferred

    from unioned

),

named as (

    select
        source_system,
        provider_id

    from {{ ref('int_encounter__current') }}

    where provider_id is not null

    {{ union_distinct() }}

    select
        source_system,
        provider_id

    from {{ ref('int_transaction__current') }}

    where provider_id is not null

    {{ union_distinct() }}

    select
        source_system,
        provider_id

    from {{ ref('stg_synthea__claims') }}

    where provider_id is not null

),

-- a clinician whom a visit or a bill names and the list does not
unlisted as (

    select
        {{ surrogate_key(['named.source_system', 'named.provider_id']) }} as provider_key,
        named.source_system,
        named.provider_id,
        cast(null as {{ dbt.type_string() }}) as npi,
        {{ dbt.concat(["'Not on the list: '", 'named.provider_id']) }} as provider_name,
        cast(null as {{ dbt.type_string() }}) as specialty,
        cast(null as {{ dbt.type_string() }}) as department_name,
        true as is_inferred

    from named

    left join listed
        on named.source_system = listed.source_system
        and named.provider_id = listed.provider_id

    where listed.provider_key is null

),

final as (

    select * from listed
    union all
    select * from unlisted

)

select * from final
