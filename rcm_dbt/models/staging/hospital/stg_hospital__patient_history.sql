{% call hospital_rows('patient_history', key='historyid', belongs_to={'patientid': 'patients'}) %}
select
    -- ids
    {{ clean_text('historyid') }} as patient_history_id,
    {{ clean_text('patientid') }} as patient_id,

    -- texts
    {{ clean_text('firstname') }} as first_name,
    {{ clean_text('lastname') }} as last_name,
    {{ clean_text('middlename') }} as middle_name,
    {{ clean_text('ssn') }} as ssn,
    {{ clean_text('phonenumber') }} as phone_number,
    {{ standard_gender('gender') }} as gender,
    {{ clean_text('address') }} as address,

    -- dates
    cast(dob as date) as birth_date,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
