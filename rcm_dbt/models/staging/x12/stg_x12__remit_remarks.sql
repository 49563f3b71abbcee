with

source as (

    select * from {{ source('x12', 'remit_remarks') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        {{ surrogate_key([
            'interchange_sha256', 'transaction_no', 'claim_no',
        ]) }} as remit_claim_key,
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(claim_no as {{ dbt.type_int() }}) as claim_no,
        cast(line_no as {{ dbt.type_int() }}) as line_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,
        cast(remark_no as {{ dbt.type_int() }}) as remark_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- codes
        {{ clean_text('remark_segment') }} as remark_segment,
        {{ clean_text('code_list') }} as code_list,
        upper({{ clean_text('remark_code') }}) as remark_code,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
