-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
{% call hospital_rows('providers', key='providerid', is_dated=false) %}
select
    -- ids
    {{ clean_text('providerid') }} as provider_id,
    {{ clean_text('deptid') }} as department_id,
    {{ clean_text('npi') }} as npi,

    -- texts
    {{ clean_text('firstname') }} as first_name,
    {{ clean_text('lastname') }} as last_name,
    {{ clean_text('specialization') }} as specialty,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
