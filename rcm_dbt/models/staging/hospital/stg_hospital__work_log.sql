{% call hospital_rows('work_log', key='workid') %}
select
    -- ids
    {{ clean_text('workid') }} as work_id,
    {{ clean_text('staffid') }} as staff_id,
    {{ clean_text('encounterid') }} as encounter_id,
    {{ clean_text('claimid') }} as claim_id,

    -- codes
    {{ standard_code('activity', [
        'Registration',
        'Coding',
        'Billing',
        'Denial Work',
        'Payment Posting',
    ]) }} as activity,

    -- numbers
    cast(minutes as {{ dbt.type_int() }}) as work_minutes,

    -- dates
    cast(workdate as date) as work_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
