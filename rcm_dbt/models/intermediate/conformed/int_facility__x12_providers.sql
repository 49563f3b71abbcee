-- Which facility, and which system's claim numbers, an X12 file means when it names a provider. A
-- provider on the operations list, by one of its NPIs or tax identifiers, is that hospital. Any
-- other keeps its own name space, so that two practices that number their claims alike never share
-- one; but what is named by NPI here and by tax identifier there is one practice where a file gives
-- both.
with

listed as (

    select * from {{ ref('int_facility__identifiers') }}

),

named as (

    select
        source_system,
        billing_npi as npi,
        billing_tin as tin,
        billing_name as provider_name

    from {{ ref('stg_x12__submitted_claims') }}

    {{ union_distinct() }}

    select
        source_system,
        payee_npi as npi,
        payee_tin as tin,
        payee_name as provider_name

    from {{ ref('stg_x12__remit_payments') }}

    {{ union_distinct() }}

    select
        source_system,
        billing_npi as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        billing_name as provider_name

    from {{ ref('stg_x12__ack_claims') }}

    {{ union_distinct() }}

    -- of a provider that is answered as a whole no claim need be listed
    select
        source_system,
        answered_npi as npi,
        cast(null as {{ dbt.type_string() }}) as tin,
        answered_name as provider_name

    from {{ ref('stg_x12__ack_batches') }}

    where level_code = '19'

),

pairs as (

    select distinct
        source_system,
        npi,
        tin

    from named

    where npi is not null and tin is not null

),

-- practices: NPIs and tax identifiers that belong together, by the least NPI among them. Each step
-- looks one number further
npis_0 as (

    select distinct
        source_system,
        npi,
        npi as practice

    from pairs

),

{% for step in [1, 2, 3] -%}
    tins_{{ step }} as (

        select
            pairs.source_system,
            pairs.tin,
            min(npis_{{ step - 1 }}.practice) as practice

        from pairs

        inner join npis_{{ step - 1 }}
            on pairs.source_system = npis_{{ step - 1 }}.source_system
            and pairs.npi = npis_{{ step - 1 }}.npi

        group by
            pairs.source_system,
            pairs.tin

    ),

    npis_{{ step }} as (

        select
            pairs.source_system,
            pairs.npi,
            min(tins_{{ step }}.practice) as practice

        from pairs

        inner join tins_{{ step }}
            on pairs.source_system = tins_{{ step }}.source_system
            and pairs.tin = tins_{{ step }}.tin

        group by
            pairs.source_system,
            pairs.npi

    ),

{% endfor -%}
tins as (

    select
        pairs.source_system,
        pairs.tin,
        min(npis_3.practice) as practice,
        min(pairs.npi) as least_npi,
        count(distinct pairs.npi) as npi_count

    from pairs

    inner join npis_3
        on pairs.source_system = npis_3.source_system
        and pairs.npi = npis_3.npi

    group by
        pairs.source_system,
        pairs.tin

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

joined as (

    select
        providers.source_system,
        providers.x12_provider_id,
        providers.npi,
        providers.tin,
        providers.provider_name,
        coalesce(by_npi.facility_id, by_tin.facility_id) as facility_id,
        coalesce(by_npi.source_system, by_tin.source_system) as listed_system,
        coalesce(
            npis_3.practice,
            case when providers.npi is null then tins.practice end,
            providers.x12_provider_id
        ) as practice,
        -- a tax identifier of one provider alone means that provider
        case
            when providers.npi is null and tins.npi_count = 1 then tins.least_npi
            else providers.x12_provider_id
        end as own_id

    from providers

    left join listed as by_npi
        on providers.npi = by_npi.identifier
        and by_npi.identifier_kind = 'npi'

    left join listed as by_tin
        on providers.tin = by_tin.identifier
        and by_tin.identifier_kind = 'tin'
        and by_tin.is_of_one_system

    left join npis_3
        on providers.source_system = npis_3.source_system
        and providers.npi = npis_3.npi

    left join tins
        on providers.source_system = tins.source_system
        and providers.tin = tins.tin

),

-- who is not listed and shares a practice with one who is, is of that hospital
practices as (

    select
        source_system,
        practice,
        min(listed_system) as listed_system,
        min(facility_id) as facility_id

    from joined

    where facility_id is not null

    group by
        source_system,
        practice

    having count(distinct listed_system) = 1

),

final as (

    select
        joined.source_system,
        joined.x12_provider_id,
        joined.npi,
        joined.tin,
        joined.provider_name,
        coalesce(joined.facility_id, practices.facility_id) is not null as is_listed,
        joined.own_id = joined.x12_provider_id as is_facility,
        coalesce(joined.listed_system, practices.listed_system, joined.source_system)
            as claim_source_system,
        coalesce(
            joined.listed_system,
            practices.listed_system,
            {{ dbt.concat(['joined.source_system', "':'", 'joined.practice']) }}
        ) as claim_namespace,
        case
            when coalesce(joined.facility_id, practices.facility_id) is not null
                then {{ surrogate_key([
                    "'operations'", 'coalesce(joined.facility_id, practices.facility_id)'
                ]) }}
            else {{ surrogate_key(['joined.source_system', 'joined.own_id']) }}
        end as facility_key

    from joined

    left join practices
        on joined.source_system = practices.source_system
        and joined.practice = practices.practice

)

select * from final
