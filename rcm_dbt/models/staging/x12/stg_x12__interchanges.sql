with

source as (

    select * from {{ source('x12', 'interchanges') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        interchange_sha256,
        {{ clean_text('isa_control_number') }} as isa_control_number,
        {{ clean_text('sender_id') }} as sender_id,
        {{ clean_text('receiver_id') }} as receiver_id,

        -- codes
        {{ clean_text('usage_indicator') }} as usage_indicator,
        {{ clean_text('version') }} as version,

        -- numbers
        cast(byte_count as {{ dbt.type_bigint() }}) as byte_count,

        -- dates
        cast(interchange_date as date) as interchange_date,

        -- provenance
        {{ x12_source_system() }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
