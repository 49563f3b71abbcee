with

source as (

    select * from {{ source('platform', 'quarantine') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('quarantine_id') }} as quarantine_id,
        content_sha256,

        -- codes
        {{ clean_text('level') }} as quarantine_level,
        {{ clean_text('rule_id') }} as rule_id,

        -- texts
        {{ clean_text('reason') }} as reason,
        case
            when level in ('claim', 'transaction') then {{ text_of_bytes('content') }}
        end as content_text,

        -- numbers
        case
            -- a position in an X12 file is its interchange and its segment
            when
                level in ('claim', 'transaction', 'interchange') and source_position like '%/%'
                then cast({{ dbt.split_part('source_position', "'/'", 2) }} as {{ dbt.type_int() }})
        end as segment_no,
        cast(byte_offset as {{ dbt.type_bigint() }}) as byte_offset,
        cast(byte_count as {{ dbt.type_bigint() }}) as byte_count,

        -- amounts
        {{ money('dollar_amount') }} as dollar_amount,

        -- dates
        cast(arrival_date as date) as arrival_date,

        -- provenance
        source_system,
        source_file as _source_file,
        source_position as _source_position,
        _batch_id,
        _arrival_date as recorded_date

    from source

)

select * from renamed
