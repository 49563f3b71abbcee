-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('conditions') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('encounter') }} as encounter_id,
        {{ clean_text('patient') }} as patient_id,

        -- codes
        {{ clean_text('code') }} as diagnosis_code,

        -- texts
        {{ clean_text('description') }} as diagnosis_label,

        -- dates
        {{ clean_date('start') }} as onset_date,
        {{ clean_date('stop') }} as resolved_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
