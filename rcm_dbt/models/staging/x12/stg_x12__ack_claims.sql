with

source as (

    select * from {{ source('x12', 'ack_claims') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no', 'segment_no',
        ]) }} as ack_key,
        {{ foreign_key(['interchange_sha256', 'transaction_no', 'batch_no']) }} as ack_batch_key,
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
        {{ clean_text('clearinghouse_number') }} as clearinghouse_number,
        {{ clean_text('batch_reference') }} as batch_reference,
        {{ clean_text('source_id') }} as source_id,
        {{ clean_text('provider_npi') }} as billing_npi,

        -- texts
        {{ clean_text('source_name') }} as source_name,
        {{ clean_text('provider_name') }} as billing_name,

        -- codes
        {{ clean_text('category_code') }} as category_code,
        {{ clean_text('status_code') }} as status_code,
        {{ clean_text('entity_code') }} as entity_code,
        {{ clean_text('action_code') }} as action_code,
        {{ clean_text('source_entity_code') }} as source_entity_code,

        -- amounts
        {{ money('charge_amount') }} as charge_amount,

        -- dates
        {{ credible_date('status_date') }} as status_date,
        {{ credible_date('service_date') }} as service_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
