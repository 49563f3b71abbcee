-- A Synthea export restates everything, so the last one received applies as a whole.
with

source as (

    select * from {{ source('synthea', 'claims_transactions') }}

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
