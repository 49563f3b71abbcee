with

source as (

    select * from {{ source('x12', 'remit_payments') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key(['interchange_sha256', 'transaction_no']) }} as remit_payment_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- ids
        {{ clean_text('trace_number') }} as trace_number,
        {{ clean_text('originating_company_id') }} as originating_company_id,
        {{ clean_text('payer_id') }} as payer_id,
        {{ clean_text('payer_secondary_id') }} as payer_secondary_id,
        {{ clean_text('payee_npi') }} as payee_npi,
        {{ plain_tax_id('payee_tin') }} as payee_tin,

        -- texts
        {{ clean_text('payer_name') }} as payer_name,
        {{ clean_text('payee_name') }} as payee_name,

        -- codes
        {{ clean_text('handling_code') }} as handling_code,
        {{ clean_text('credit_debit') }} as credit_debit_code,
        {{ clean_text('payment_method') }} as payment_method,

        -- amounts
        {{ money('payment_amount') }} as payment_amount,

        -- dates
        {{ credible_date('payment_date') }} as payment_date,
        {{ credible_date('production_date') }} as production_date,
        {{ has_false_date(['payment_date', 'production_date']) }} as has_false_date,

        -- flags
        _source_system = 'paper_remittances' as is_on_paper,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _batch_id,
        _arrival_date as recorded_date

    from source

)

select * from renamed
