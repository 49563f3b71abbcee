-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('procedures') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('encounter') }} as encounter_id,
        {{ clean_text('patient') }} as patient_id,

        -- codes
        {{ clean_text('code') }} as procedure_code,
        {{ clean_text('reasoncode') }} as reason_code,

        -- texts
        {{ clean_text('description') }} as procedure_label,
        {{ clean_text('reasondescription') }} as reason_label,

        -- amounts
        {{ clean_money('base_cost') }} as base_cost_amount,

        -- dates
        {{ clean_timestamp('start') }} as started_at,
        {{ clean_timestamp('stop') }} as stopped_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
