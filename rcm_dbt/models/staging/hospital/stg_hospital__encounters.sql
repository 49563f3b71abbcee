{% call hospital_rows('encounters', key='encounterid') %}
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
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
