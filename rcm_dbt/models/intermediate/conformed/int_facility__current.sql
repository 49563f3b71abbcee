-- A facility is known from the operations list, from a Synthea organization, or, failing both,
-- from the database or the X12 file that names it: nothing that carries money is left without one.
with

operations as (

    select
        {{ surrogate_key(["'operations'", 'facility_id']) }} as facility_key,
        source_system,
        facility_id,
        facility_name,
        -- of several numbers the first
        {{ clean_text(literal_split('npi', "';'", 1)) }} as npi,
        {{ clean_text(literal_split('tin', "';'", 1)) }} as tin,
        case when is_main then 'hospital' else 'other facility of a hospital' end as facility_type

    from {{ ref('stg_operations__facilities') }}

),

organizations as (

    select
        {{ surrogate_key(["'synthea'", 'organization_id']) }} as facility_key,
        source_system,
        organization_id as facility_id,
        organization_name as facility_name,
        cast(null as {{ dbt.type_string() }}) as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        'organization' as facility_type

    from {{ ref('stg_synthea__organizations') }}

),

-- a hospital by the name of its system, and one that only the treasury or the costs name
named as (

    select
        source_system as facility_id,
        source_system

    from {{ ref('int_transaction__current') }}

    {{ union_distinct() }}

    select
        source_system as facility_id,
        source_system

    from {{ ref('int_encounter__current') }}

    {{ union_distinct() }}

    select
        source_system as facility_id,
        source_system

    from {{ ref('int_staff__work') }}

    {{ union_distinct() }}

    select
        facility_id,
        source_system

    from {{ ref('stg_treasury__bank_deposits') }}

    {{ union_distinct() }}

    select
        facility_id,
        source_system

    from {{ ref('stg_treasury__gl_postings') }}

    {{ union_distinct() }}

    select
        facility_id,
        source_system

    from {{ ref('stg_operations__facility_costs') }}

),

unlisted_hospitals as (

    select
        {{ surrogate_key(["'operations'", 'facility_id']) }} as facility_key,
        min(source_system) as source_system,
        facility_id,
        facility_id as facility_name,
        cast(null as {{ dbt.type_string() }}) as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        case when min(source_system) = facility_id then 'hospital' else 'other facility' end
            as facility_type

    from named

    where
        facility_id not in (select operations.facility_id from operations)
        and source_system <> 'synthea'
        and source_system not in (select operations.source_system from operations)

    group by facility_id

),

synthea_visits as (

    select distinct organization_id

    from {{ ref('stg_synthea__encounters') }}

    where organization_id is not null

),

-- an organization that the list of its export does not have
unlisted_organizations as (

    select
        {{ surrogate_key(["'synthea'", 'synthea_visits.organization_id']) }} as facility_key,
        'synthea' as source_system,
        synthea_visits.organization_id as facility_id,
        {{ dbt.concat(["'Not on the list: '", 'synthea_visits.organization_id']) }}
            as facility_name,
        cast(null as {{ dbt.type_string() }}) as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        'organization' as facility_type

    from synthea_visits

    left join organizations
        on synthea_visits.organization_id = organizations.facility_id

    where organizations.facility_id is null

),

unlisted_x12_providers as (

    select
        facility_key,
        source_system,
        x12_provider_id as facility_id,
        coalesce(provider_name, 'Provider not named in the file') as facility_name,
        npi,
        tin,
        'billing provider' as facility_type

    from {{ ref('int_facility__x12_providers') }}

    -- a tax identifier that one provider alone uses is that provider
    where not is_listed and is_facility

),

final as (

    select * from operations
    union all
    select * from organizations
    union all
    select * from unlisted_organizations
    union all
    select * from unlisted_hospitals
    union all
    select * from unlisted_x12_providers

)

select * from final
