{% call hospital_rows('diagnoses', key='diagnosisid') %}
select
    -- ids
    {{ clean_text('diagnosisid') }} as diagnosis_id,
    {{ clean_text('encounterid') }} as encounter_id,

    -- codes
    {{ clean_text('icdcode') }} as diagnosis_code,

    -- numbers
    cast(sequence as {{ dbt.type_int() }}) as diagnosis_no,

    -- dates
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
