with

source as (

    select * from {{ source('x12', 'remit_claims') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no',
        ]) }} as remit_claim_key,
        {{ surrogate_key(['interchange_sha256', 'transaction_no']) }} as remit_payment_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(claim_no as {{ dbt.type_int() }}) as claim_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- ids
        {{ clean_text('patient_control_number') }} as patient_control_number,
        {{ clean_text('payer_claim_number') }} as payer_claim_number,
        {{ clean_text('original_payer_claim_number') }} as original_payer_claim_number,
        {{ clean_text('member_id') }} as member_id,
        {{ clean_text('rendering_npi') }} as rendering_npi,

        -- texts
        {{ clean_text('patient_last_name') }} as patient_last_name,
        {{ clean_text('patient_first_name') }} as patient_first_name,

        -- codes
        {{ clean_text('claim_status_code') }} as claim_status_code,
        {{ clean_text('filing_indicator_code') }} as filing_indicator_code,
        {{ clean_text('facility_code') }} as facility_code,
        {{ clean_text('frequency_code') }} as frequency_code,
        {{ clean_text('drg_code') }} as drg_code,

        -- amounts
        {{ money('charge_amount') }} as charge_amount,
        {{ money('paid_amount') }} as paid_amount,
        {{ money('patient_responsibility_amount') }} as patient_responsibility_amount,
        {{ money('coalesce(interest_amount, 0)') }} as interest_amount,

        -- dates
        {{ credible_date('statement_from_date') }} as statement_from_date,
        {{ credible_date('statement_to_date') }} as statement_to_date,
        {{ credible_date('received_date') }} as received_date,
        {{ has_false_date([
            'statement_from_date', 'statement_to_date', 'received_date',
        ]) }} as has_false_date,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
