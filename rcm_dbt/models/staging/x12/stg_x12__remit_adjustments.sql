with

source as (

    select * from {{ source('x12', 'remit_adjustments') }}

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
        cast(adjustment_no as {{ dbt.type_int() }}) as adjustment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- codes, in the writing of their list
        upper({{ clean_text('group_code') }}) as group_code,
        {{ clean_text(without_leading('upper(reason_code)', ' 0')) }} as reason_code,

        -- amounts
        {{ money('amount') }} as amount,

        -- numbers
        cast(quantity as decimal(18, 4)) as quantity,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
