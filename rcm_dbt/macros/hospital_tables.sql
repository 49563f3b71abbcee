{#
    Staging of the tables of a hospital's database, under the usual column names. All versions of a
    record are kept: a later one replaces an earlier one.
#}

{% macro hospital_patients(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'patients', 'patientid') }}

),

renamed as (

    select
        -- ids
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

    from source

)

select * from renamed
{%- endmacro %}


{% macro hospital_departments(hospital) -%}
-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
with

source as (

    {{ hospital_rows(hospital, 'departments', 'deptid', is_dated=false) }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_encounters(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'encounters', 'encounterid') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('encounterid') }} as encounter_id,
        {{ clean_text('patientid') }} as patient_id,
        {{ clean_text('providerid') }} as provider_id,
        {{ clean_text('departmentid') }} as department_id,

        -- codes
        lower({{ clean_text('encountertype') }}) as encounter_type,
        {{ clean_text('procedurecode') }} as procedure_code,

        -- dates
        cast(encounterdate as date) as encounter_date,
        cast(inserteddate as {{ dbt.type_timestamp() }}) as inserted_at,
        {{ hospital_modified_at() }} as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_procedures(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'procedures', 'procedureid') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('procedureid') }} as procedure_id,
        {{ clean_text('encounterid') }} as encounter_id,

        -- codes
        {{ clean_text('procedurecode') }} as procedure_code,
        {{ clean_text('modifiers') }} as modifiers,

        -- numbers
        cast(units as {{ dbt.type_int() }}) as units,
        cast(workrvu as decimal(9, 2)) as work_rvu,

        -- dates
        {{ hospital_modified_at() }} as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_providers(hospital) -%}
-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
with

source as (

    {{ hospital_rows(hospital, 'providers', 'providerid', is_dated=false) }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_transactions(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'transactions', 'transactionid') }}

),

renamed as (

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
        {{ standard_amount_type('amounttype') }} as amount_type,
        {{ clean_text('amounttype') }} as source_amount_type,
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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_appointments(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'appointments', 'appointmentid') }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_authorizations(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'authorizations', 'authid') }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_diagnoses(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'diagnoses', 'diagnosisid') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('diagnosisid') }} as diagnosis_id,
        {{ clean_text('encounterid') }} as encounter_id,

        -- codes
        {{ clean_text('icdcode') }} as diagnosis_code,

        -- numbers
        cast(sequence as {{ dbt.type_int() }}) as diagnosis_no,

        -- dates
        {{ hospital_modified_at() }} as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_eligibility_checks(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'eligibility_checks', 'checkid') }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_encounter_status(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'encounter_status', 'encounterid') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('encounterid') }} as encounter_id,

        -- codes
        {{ standard_code('documentationstatus', [
            'Open',
            'Signed',
            'Queried',
        ]) }} as documentation_status,

        -- dates
        cast(dischargedate as date) as discharge_date,
        cast(signeddate as date) as signed_date,
        cast(codeddate as date) as coded_date,
        {{ hospital_modified_at() }} as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_staff(hospital) -%}
-- Undated in the source: the list applies to every reporting date, so no filter by arrival.
with

source as (

    {{ hospital_rows(hospital, 'staff', 'staffid', is_dated=false) }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_work_log(hospital) -%}
with

source as (

    {{ hospital_rows(hospital, 'work_log', 'workid') }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}

{% macro hospital_deleted_rows(hospital) -%}
with

source as (

    select * from {{ source(hospital, 'deleted_rows') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

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

    from source

)

select * from renamed
{%- endmacro %}
