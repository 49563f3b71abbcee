{% call hospital_rows('eligibility_checks', key='checkid') %}
select
    -- ids
    {{ clean_text('checkid') }} as eligibility_check_id,
    {{ clean_text('patientid') }} as patient_id,
    {{ clean_text('encounterid') }} as encounter_id,
    {{ clean_text('appointmentid') }} as appointment_id,
    {{ clean_text('payorid') }} as payer_id,

    -- codes
    {{ standard_code('status', [
        'Active',
        'Inactive',
        'Not Found',
    ]) }} as eligibility_status,

    -- dates
    cast(checkdate as date) as check_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
