with

source as (

    select * from {{ source('x12', 'ack_batches') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key(['interchange_sha256', 'transaction_no', 'batch_no']) }} as ack_batch_key,
        {{ foreign_key([
            'interchange_sha256', 'transaction_no', 'parent_batch_no',
        ]) }} as parent_ack_batch_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(batch_no as {{ dbt.type_int() }}) as batch_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- ids
        {{ clean_text('batch_reference') }} as batch_reference,
        {{ clean_text('answered_id') }} as answered_id,
        {{ clean_text('answered_npi') }} as answered_npi,
        {{ clean_text('source_id') }} as source_id,

        -- texts
        {{ clean_text('answered_name') }} as answered_name,
        {{ clean_text('source_name') }} as source_name,

        -- codes
        {{ clean_text('level_code') }} as level_code,
        {{ clean_text('answered_entity_code') }} as answered_entity_code,
        {{ clean_text('category_code') }} as category_code,
        {{ clean_text('status_code') }} as status_code,
        {{ clean_text('entity_code') }} as entity_code,
        {{ clean_text('action_code') }} as action_code,
        {{ clean_text('source_entity_code') }} as source_entity_code,

        -- numbers
        cast(accepted_count as {{ dbt.type_int() }}) as accepted_count,
        cast(rejected_count as {{ dbt.type_int() }}) as rejected_count,

        -- amounts
        {{ money('charge_amount') }} as charge_amount,
        {{ money('accepted_amount') }} as accepted_amount,
        {{ money('rejected_amount') }} as rejected_amount,

        -- dates
        cast(status_date as date) as status_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
