-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('claims') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as claim_id,
        {{ clean_text('patientid') }} as patient_id,
        {{ clean_text('providerid') }} as provider_id,
        {{ clean_text('appointmentid') }} as encounter_id,
        nullif({{ clean_text('primarypatientinsuranceid') }}, '0') as primary_payer_id,
        nullif({{ clean_text('secondarypatientinsuranceid') }}, '0') as secondary_payer_id,
        {{ clean_text('departmentid') }} as department_id,

        -- codes
        {{ clean_text('diagnosis1') }} as diagnosis_code,
        {{ clean_text('healthcareclaimtypeid1') }} as claim_type_code,
        {{ clean_text('status1') }} as primary_status,
        {{ clean_text('statusp') }} as patient_status,

        -- dates
        {{ clean_date('servicedate') }} as service_date,
        {{ clean_date('currentillnessdate') }} as onset_date,
        {{ clean_date('lastbilleddate1') }} as last_billed_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
