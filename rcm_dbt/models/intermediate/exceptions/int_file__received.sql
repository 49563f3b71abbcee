-- Each file or extract of a table that arrived, once: its content under its name, with what replays
-- took out of quarantine since.
with

entries as (

    select
        *,
        case when file_status = 'replayed' then 1 else 0 end as is_replay

    from {{ ref('stg_platform__received_files') }}

),

summed as (

    select
        source_system,
        _source_file,
        content_sha256,
        min(case when is_replay = 0 then file_status end) as first_status,
        min(case when is_replay = 0 then recorded_date end) as recorded_date,
        max(is_replay) as is_replayed,
        sum(byte_count) as byte_count,
        sum(loaded_byte_count) as loaded_byte_count,
        sum(quarantined_byte_count) as held_byte_count,
        sum(row_count) as row_count,
        sum(dollar_amount) as dollar_amount

    from entries

    group by
        source_system,
        _source_file,
        content_sha256

),

final as (

    select
        {{ surrogate_key(['source_system', '_source_file', 'content_sha256']) }}
            as received_file_key,
        source_system,
        _source_file,
        recorded_date,
        case
            when first_status = 'quarantined' and is_replayed = 0 then 'held'
            when is_replayed = 0 then first_status
            when held_byte_count <= 0 then 'loaded'
            when loaded_byte_count = 0 then 'held'
            else 'partial'
        end as file_status,
        cast(byte_count as {{ dbt.type_bigint() }}) as byte_count,
        cast(held_byte_count as {{ dbt.type_bigint() }}) as held_byte_count,
        cast(row_count as {{ dbt.type_bigint() }}) as row_count,
        {{ money('dollar_amount') }} as dollar_amount

    from summed

)

select * from final
