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

unlisted_hospitals as (

    select distinct
        {{ surrogate_key(["'operations'", 'source_system']) }} as facility_key,
        source_system,
        source_system as facility_id,
        source_system as facility_name,
        cast(null as {{ dbt.type_string() }}) as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        'hospital' as facility_type

    from {{ ref('int_transaction__current') }}

    where source_system not in (select operations.source_system from operations)

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
    select * from unlisted_hospitals
    union all
    select * from unlisted_x12_providers

)

select * from final
