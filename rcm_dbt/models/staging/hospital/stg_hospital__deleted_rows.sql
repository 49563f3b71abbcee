{% call hospital_rows('deleted_rows') %}
select
    -- ids
    {{ clean_text('table_name') }} as table_name,
    record_id,
    cast(event_no as {{ dbt.type_int() }}) as event_no,

    -- codes
    {{ clean_text('event') }} as event,
    event = 'deleted' and event_no = max(event_no) over (partition by table_name, record_id)
        as is_gone,

    -- dates
    cast(noticed_date as date) as noticed_date,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
