with

source as (

    select * from {{ source('platform', 'exception_decisions') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('decision_id') }} as decision_id,
        {{ clean_text('record_id') }} as record_id,
        {{ clean_text('remit_payment_key') }} as remit_payment_key,
        {{ surrogate_key([
            'rule_id',
            'source_system',
            'record_type',
            'record_id',
            'source_file',
            'source_position',
        ]) }} as exception_key,

        -- codes
        {{ clean_text('decision') }} as decision,
        {{ clean_text('rule_id') }} as rule_id,
        {{ clean_text('record_type') }} as record_type,

        -- texts
        {{ clean_text('reason') }} as decision_reason,
        {{ clean_text('decided_by') }} as decided_by,

        -- dates
        cast(decided_at as {{ dbt.type_timestamp() }}) as decided_at,
        cast(arrival_date as date) as effective_date,
        cast(until_date as date) as until_date,

        -- provenance
        source_system,
        source_file as _source_file,
        source_position as _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
