with

source as (

    select * from {{ source('x12', 'unread_segments') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- keys
        interchange_sha256,
        cast(transaction_no as {{ dbt.type_int() }}) as transaction_no,
        cast(claim_no as {{ dbt.type_int() }}) as claim_no,
        cast(line_no as {{ dbt.type_int() }}) as line_no,
        cast(segment_no as {{ dbt.type_int() }}) as segment_no,

        -- envelope
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('gs_control_number') }} as gs_control_number,
        {{ clean_text('st_control_number') }} as st_control_number,

        -- codes
        {{ clean_text('segment_id') }} as segment_id,
        {{ clean_text('kind') }} as diagnostic_kind,

        -- texts
        {{ clean_text('loop_path') }} as loop_path,
        segment_text,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
