with

source as (

    select * from {{ source('desk', 'entries') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('entry_id') }} as entry_id,
        {{ clean_text('claim_key') }} as claim_key,
        {{ clean_text('claim_id') }} as claim_id,
        cast(sequence as {{ dbt.type_bigint() }}) as entry_number,

        -- codes
        {{ clean_text('action') }} as action,
        {{ clean_text('outcome') }} as outcome,

        -- texts
        {{ clean_text('note') }} as note,
        {{ clean_text('assigned_to') }} as assigned_to,
        {{ clean_text('made_by') }} as made_by,

        -- dates
        cast(made_at as {{ dbt.type_timestamp() }}) as made_at,
        cast(follow_up_date as date) as follow_up_date,

        -- provenance
        {{ clean_text('source_system') }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
