{% call hospital_rows('authorizations', key='authid') %}
select
    -- ids
    {{ clean_text('authid') }} as authorization_id,
    {{ clean_text('patientid') }} as patient_id,
    {{ clean_text('encounterid') }} as encounter_id,
    {{ clean_text('payorid') }} as payer_id,
    {{ clean_text('authnumber') }} as authorization_number,

    -- codes
    {{ clean_text('procedurecode') }} as procedure_code,
    {{ standard_code('status', ['Approved', 'Denied', 'Pending']) }} as authorization_status,

    -- dates
    cast(requesteddate as date) as requested_date,
    cast(decisiondate as date) as decision_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
