{% call hospital_rows('appointments', key='appointmentid') %}
select
    -- ids
    {{ clean_text('appointmentid') }} as appointment_id,
    {{ clean_text('patientid') }} as patient_id,
    {{ clean_text('providerid') }} as provider_id,
    {{ clean_text('deptid') }} as department_id,
    {{ clean_text('encounterid') }} as encounter_id,

    -- codes
    lower({{ clean_text('visittype') }}) as visit_type,
    {{ standard_code('status', [
        'Scheduled',
        'Completed',
        'No Show',
        'Cancelled',
    ]) }} as appointment_status,

    -- dates
    cast(bookeddate as date) as booked_date,
    cast(scheduleddate as date) as scheduled_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
