{% call hospital_rows('transactions', key='transactionid') %}
select
    -- ids
    {{ clean_text('transactionid') }} as transaction_id,
    {{ clean_text('encounterid') }} as encounter_id,
    {{ clean_text('patientid') }} as patient_id,
    {{ clean_text('providerid') }} as provider_id,
    {{ clean_text('deptid') }} as department_id,
    {{ clean_text('claimid') }} as claim_id,
    {{ clean_text('payorid') }} as payer_id,
    {{ clean_text('medicaidid') }} as medicaid_id,
    {{ clean_text('medicareid') }} as medicare_id,

    -- codes
    {{ clean_text('amounttype') }} as amount_type,
    lower({{ clean_text('visittype') }}) as visit_type,
    {{ clean_text('procedurecode') }} as procedure_code,
    {{ clean_text('icdcode') }} as diagnosis_code,
    {{ clean_text('lineofbusiness') }} as line_of_business,

    -- amounts
    {{ money('amount') }} as amount,
    {{ money('paidamount') }} as paid_amount,

    -- dates
    cast(visitdate as date) as visit_date,
    cast(servicedate as date) as service_date,
    cast(paiddate as date) as paid_date,
    cast(insertdate as {{ dbt.type_timestamp() }}) as inserted_at,
    {{ hospital_modified_at() }} as modified_at,

    -- provenance
    _source_system as source_system,
    _source_file,
    _source_position,
    _arrival_date as recorded_date
{% endcall %}
