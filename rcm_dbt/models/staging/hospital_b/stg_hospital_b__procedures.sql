with

source as (

    select * from {{ source('hospital_b', 'procedures') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('procedureid') }} as procedure_id,
        {{ clean_text('encounterid') }} as encounter_id,

        -- codes
        {{ clean_text('procedurecode') }} as procedure_code,
        {{ clean_text('modifiers') }} as modifiers,

        -- numbers
        cast(units as {{ dbt.type_int() }}) as units,
        cast(workrvu as decimal(9, 2)) as work_rvu,

        -- dates
        cast(modifieddate as {{ dbt.type_timestamp() }}) as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
