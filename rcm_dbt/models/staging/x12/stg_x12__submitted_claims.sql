with

source as (

    select * from {{ source('x12', 'submitted_claims') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no',
        ]) }} as submission_key,
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
        {{ clean_text('original_payer_claim_number') }} as original_payer_claim_number,
        {{ clean_text('authorization_number') }} as authorization_number,
        {{ clean_text('clearinghouse_number') }} as clearinghouse_number,
        {{ clean_text('batch_reference') }} as batch_reference,
        {{ clean_text('billing_npi') }} as billing_npi,
        {{ plain_tax_id('billing_tin') }} as billing_tin,
        {{ clean_text('rendering_npi') }} as rendering_npi,
        {{ clean_text('attending_npi') }} as attending_npi,
        {{ clean_text('payer_id') }} as payer_id,
        {{ clean_text('member_id') }} as member_id,
        {{ clean_text('prior_payer_id') }} as prior_payer_id,

        -- texts
        {{ clean_text('billing_name') }} as billing_name,
        {{ clean_text('payer_name') }} as payer_name,
        {{ clean_text('patient_last_name') }} as patient_last_name,
        {{ clean_text('patient_first_name') }} as patient_first_name,

        -- codes
        {{ clean_text('claim_form') }} as claim_form,
        {{ clean_text('frequency_code') }} as frequency_code,
        {{ clean_text('place_of_service_code') }} as place_of_service_code,
        {{ clean_text('bill_type_code') }} as bill_type_code,
        {{ clean_text('payer_responsibility_code') }} as payer_responsibility_code,
        {{ clean_text('filing_indicator_code') }} as filing_indicator_code,
        {{ clean_text('principal_diagnosis_code') }} as principal_diagnosis_code,
        {{ clean_text('drg_code') }} as drg_code,
        {{ standard_gender('patient_gender') }} as patient_gender,

        -- amounts
        {{ money('charge_amount') }} as charge_amount,
        {{ money('prior_payer_paid_amount') }} as prior_payer_paid_amount,

        -- dates
        cast(patient_birth_date as date) as patient_birth_date,
        {{ credible_date('admission_date') }} as admission_date,
        {{ credible_date('statement_from_date') }} as statement_from_date,
        {{ credible_date('statement_to_date') }} as statement_to_date,
        {{ credible_date('submitted_date') }} as submitted_date,
        {{ has_false_date([
            'admission_date', 'statement_from_date', 'statement_to_date', 'submitted_date',
        ]) }} as has_false_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
