with

source as (

    select * from {{ source('platform', 'quarantine_decisions') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('decision_id') }} as decision_id,
        {{ clean_text('quarantine_id') }} as quarantine_id,

        -- codes
        {{ clean_text('decision') }} as decision,
        {{ clean_text('rule_id') }} as rule_id,

        -- texts
        {{ clean_text('reason') }} as decision_reason,
        {{ clean_text('decided_by') }} as decided_by,

        -- numbers
        cast(loaded_byte_count as {{ dbt.type_bigint() }}) as loaded_byte_count,
        cast(loaded_row_count as {{ dbt.type_bigint() }}) as loaded_row_count,

        -- dates
        cast(decided_at as {{ dbt.type_timestamp() }}) as decided_at,
        cast(effective_date as date) as effective_date,
        cast(arrival_date as date) as arrival_date,

        -- provenance
        source_system,
        source_file as _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
