with

source as (

    select * from {{ source('x12', 'remit_provider_adjustments') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key(['interchange_sha256', 'transaction_no']) }} as remit_payment_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,
        cast(adjustment_no as {{ dbt.type_int() }}) as adjustment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- ids
        {{ clean_text('provider_id') }} as provider_id,
        {{ clean_text('reference_id') }} as reference_id,

        -- codes
        {{ clean_text(without_leading('upper(reason_code)', ' 0')) }} as reason_code,

        -- amounts
        {{ money('amount') }} as amount,

        -- dates
        cast(fiscal_date as date) as fiscal_date,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
