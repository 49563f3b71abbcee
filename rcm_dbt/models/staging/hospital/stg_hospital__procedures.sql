{% call hospital_rows('procedures', key='procedureid') %}
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
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
