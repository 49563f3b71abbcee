with

source as (

    select * from {{ source('x12', 'functional_acks') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'response_no',
        ]) }} as functional_ack_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(response_no as {{ dbt.type_int() }}) as response_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- what is answered
        {{ clean_text('acknowledged_functional_id') }} as acknowledged_functional_id,
        {{ clean_text('acknowledged_gs_control_number') }} as acknowledged_gs_control_number,
        {{ clean_text('acknowledged_version') }} as acknowledged_version,
        {{ clean_text('acknowledged_set_code') }} as acknowledged_set_code,
        {{ clean_text('acknowledged_st_control_number') }} as acknowledged_st_control_number,

        -- codes
        {{ clean_text('transaction_status') }} as transaction_status,
        {{ clean_text('error_code') }} as error_code,
        {{ clean_text('group_status') }} as group_status,

        -- numbers
        cast(included_count as {{ dbt.type_int() }}) as included_count,
        cast(received_count as {{ dbt.type_int() }}) as received_count,
        cast(accepted_count as {{ dbt.type_int() }}) as accepted_count,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
