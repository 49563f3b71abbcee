-- A Synthea export restates everything, so the last one received applies as a whole.
with

source as (

    select * from {{ source('synthea', 'claims') }}

    where _arrival_date <= {{ as_of_date() }}

),

exports as (

    select
        _batch_id,
        row_number() over (
            order by max(_arrival_date) desc, max(_loaded_at) desc, _batch_id desc
        ) as export_rank

    from source

    group by _batch_id

),

latest as (

    select source.*

    from source

    inner join exports
        on source._batch_id = exports._batch_id

    where exports.export_rank = 1

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
