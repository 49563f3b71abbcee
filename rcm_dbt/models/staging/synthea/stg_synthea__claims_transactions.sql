-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('claims_transactions') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as transaction_id,
        {{ clean_text('claimid') }} as claim_id,
        cast({{ clean_text('chargeid') }} as {{ dbt.type_bigint() }}) as charge_id,
        {{ clean_text('patientid') }} as patient_id,
        {{ clean_text('providerid') }} as provider_id,
        {{ clean_text('placeofservice') }} as organization_id,
        {{ clean_text('appointmentid') }} as encounter_id,
        cast({{ clean_text('transferoutid') }} as {{ dbt.type_bigint() }}) as transfer_out_id,

        -- codes
        {{ clean_text('type') }} as transaction_type,
        {{ clean_text('method') }} as payment_method,
        {{ clean_text('transfertype') }} as transfer_type,
        {{ clean_text('procedurecode') }} as procedure_code,
        {{ clean_text('notes') }} as procedure_label,

        -- numbers
        cast({{ clean_text('units') }} as decimal(18, 4)) as units,

        -- amounts
        {{ clean_money('amount') }} as amount,
        {{ clean_money('unitamount') }} as unit_amount,
        {{ clean_money('payments') }} as payment_amount,
        {{ clean_money('adjustments') }} as adjustment_amount,
        {{ clean_money('transfers') }} as transfer_amount,
        {{ clean_money('outstanding') }} as outstanding_amount,

        -- dates
        {{ clean_date('fromdate') }} as from_date,
        {{ clean_date('todate') }} as to_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
