-- A restated list replaces the targets that it repeats: the version received last applies.
with

source as (

    select * from {{ source('operations', 'clinician_targets') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                {{ clean_text('facility_id') }},
                {{ clean_text('provider_id') }},
                cast({{ clean_text('year') }} as {{ dbt.type_int() }})
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('facility_id') }} as facility_id,
        {{ clean_text('provider_id') }} as provider_id,

        -- numbers
        cast({{ clean_text('year') }} as {{ dbt.type_int() }}) as target_year,
        cast({{ clean_text('fte') }} as decimal(4, 2)) as fte,
        cast({{ clean_text('work_rvu_target') }} as decimal(9, 2)) as work_rvu_target,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
