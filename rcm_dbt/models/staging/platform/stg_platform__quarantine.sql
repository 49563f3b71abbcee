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

        -- numbers
        case
            when _source_position like '%/%'
                then cast({{ dbt.split_part('_source_position', "'/'", 2) }} as {{ dbt.type_int() }})
        end as segment_no,
        cast(byte_offset as {{ dbt.type_bigint() }}) as byte_offset,
        cast(byte_count as {{ dbt.type_bigint() }}) as byte_count,

        -- amounts
        {{ money('dollar_amount') }} as dollar_amount,

        -- dates
        cast(arrival_date as date) as arrival_date,

        -- provenance
        source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
