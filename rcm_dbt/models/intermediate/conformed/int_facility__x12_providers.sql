-- Which facility, and which system's claim numbers, an X12 file means when it names a provider.
-- A provider on the operations list is that hospital; any other keeps its own name space, so that
-- two practices that number their claims alike never share one.
with

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

),

named as (

    select
        source_system,
        billing_npi as npi,
        billing_tin as tin,
        billing_name as provider_name

    from {{ ref('stg_x12__submitted_claims') }}

    union all

    select
        source_system,
        payee_npi as npi,
        payee_tin as tin,
        payee_name as provider_name

    from {{ ref('stg_x12__remit_payments') }}

    union all

    select
        source_system,
        billing_npi as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        billing_name as provider_name

    from {{ ref('stg_x12__ack_claims') }}

    union all

    -- of a provider that is answered as a whole no claim need be listed
    select
        source_system,
        answered_npi as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        answered_name as provider_name

    from {{ ref('stg_x12__ack_batches') }}

    where level_code = '19'

),

providers as (

    select
        source_system,
        {{ x12_provider_id('npi', 'tin', 'provider_name') }} as x12_provider_id,
        max(npi) as npi,
        max(tin) as tin,
        max(provider_name) as provider_name

    from named

    group by
        source_system,
        {{ x12_provider_id('npi', 'tin', 'provider_name') }}

),

final as (

    select
        providers.source_system,
        providers.x12_provider_id,
        providers.npi,
        providers.tin,
        providers.provider_name,
        facilities.facility_id is not null as is_listed,
        coalesce(facilities.source_system, providers.source_system) as claim_source_system,
        coalesce(
            facilities.source_system,
            {{ dbt.concat(['providers.source_system', "':'", 'providers.x12_provider_id']) }}
        ) as claim_namespace,
        case
            when facilities.facility_id is not null
                then {{ surrogate_key(["'operations'", 'facilities.facility_id']) }}
            else {{ surrogate_key(['providers.source_system', 'providers.x12_provider_id']) }}
        end as facility_key

    from providers

    left join facilities
        on providers.npi = facilities.npi

)

select * from final
