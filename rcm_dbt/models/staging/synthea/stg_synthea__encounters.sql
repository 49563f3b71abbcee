-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('encounters') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as encounter_id,
        {{ clean_text('patient') }} as patient_id,
        {{ clean_text('provider') }} as provider_id,
        {{ clean_text('organization') }} as organization_id,
        {{ clean_text('payer') }} as payer_id,

        -- codes
        lower({{ clean_text('encounterclass') }}) as encounter_type,
        {{ clean_text('code') }} as encounter_code,
        {{ clean_text('reasoncode') }} as reason_code,

        -- texts
        {{ clean_text('description') }} as encounter_label,
        {{ clean_text('reasondescription') }} as reason_label,

        -- amounts
        {{ clean_money('base_encounter_cost') }} as base_cost_amount,
        {{ clean_money('total_claim_cost') }} as total_cost_amount,
        {{ clean_money('payer_coverage') }} as payer_coverage_amount,

        -- dates
        {{ clean_date('start') }} as encounter_date,
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
