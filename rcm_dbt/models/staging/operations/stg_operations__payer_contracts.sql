-- A restated list replaces the terms that it repeats: the version received last applies.
with

source as (

    select * from {{ source('operations', 'payer_contracts') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                {{ clean_text('contract_id') }},
                {{ clean_text('facility_id') }},
                lower({{ clean_text('service_category') }}),
                {{ clean_date('effective_date') }}
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('contract_id') }} as contract_id,
        {{ clean_text('payer_id') }} as payer_id,
        {{ clean_text('facility_id') }} as facility_id,

        -- codes
        {{ standard_code('service_category', [
            'Professional',
            'Outpatient',
            'Emergency',
            'Inpatient',
        ]) }} as service_category,
        {{ standard_code('method', [
            'percent of medicare',
            'fee schedule',
            'case rate',
            'per diem',
        ]) }} as contract_method,

        -- flags
        case lower({{ clean_text('is_lesser_of') }})
            when 'true' then true
            when 'false' then false
        end as is_lesser_of,

        -- numbers
        cast({{ clean_text('rate') }} as decimal(9, 2)) as contract_rate,

        -- dates
        {{ clean_date('effective_date') }} as effective_date,
        {{ clean_date('end_date') }} as end_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
