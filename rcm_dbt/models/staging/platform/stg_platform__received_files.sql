with

source as (

    select * from {{ source('platform', 'received_files') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- codes
        {{ clean_text('status') }} as file_status,
        content_sha256,

        -- numbers
        cast(byte_count as {{ dbt.type_bigint() }}) as byte_count,
        cast(loaded_byte_count as {{ dbt.type_bigint() }}) as loaded_byte_count,
        cast(quarantined_byte_count as {{ dbt.type_bigint() }}) as quarantined_byte_count,
        cast(duplicate_byte_count as {{ dbt.type_bigint() }}) as duplicate_byte_count,
        cast(padding_byte_count as {{ dbt.type_bigint() }}) as padding_byte_count,
        cast(row_count as {{ dbt.type_bigint() }}) as row_count,

        -- amounts
        {{ money('dollar_amount') }} as dollar_amount,

        -- dates
        cast(arrival_date as date) as arrival_date,

        -- provenance
        source_system,
        source_file as _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
