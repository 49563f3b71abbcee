with

source as (

    select * from {{ source('hospital_a', 'encounters') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('encounterid') }} as encounter_id,
        {{ clean_text('patientid') }} as patient_id,
        {{ clean_text('providerid') }} as provider_id,
        {{ clean_text('departmentid') }} as department_id,

        -- codes
        lower({{ clean_text('encountertype') }}) as encounter_type,
        {{ clean_text('procedurecode') }} as procedure_code,

        -- dates
        cast(encounterdate as date) as encounter_date,
        cast(inserteddate as {{ dbt.type_timestamp() }}) as inserted_at,
        cast(modifieddate as {{ dbt.type_timestamp() }}) as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
