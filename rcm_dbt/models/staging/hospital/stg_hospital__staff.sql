-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
{% call hospital_rows('staff', key='staffid', is_dated=false) %}
select
    -- ids
    {{ clean_text('staffid') }} as staff_id,

    -- texts
    {{ clean_text('firstname') }} as first_name,
    {{ clean_text('lastname') }} as last_name,

    -- codes
    {{ standard_code('role', [
        'Registrar',
        'Coder',
        'Biller',
        'Denial Specialist',
        'Payment Poster',
    ]) }} as staff_role,

    -- dates
    cast(hireddate as date) as hired_date,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
