-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
{% call hospital_rows('departments', key='deptid', is_dated=false) %}
select
    -- ids
    {{ clean_text('deptid') }} as department_id,

    -- texts
    {{ clean_text('name') }} as department_name,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
