-- A restated list replaces the fees that it repeats: the version received last applies.
with

source as (

    select * from {{ source('operations', 'fee_schedules') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                {{ clean_text('schedule_id') }},
                {{ clean_text('procedure_code') }},
                {{ clean_date('effective_date') }}
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('schedule_id') }} as schedule_id,

        -- codes
        {{ clean_text('procedure_code') }} as procedure_code,

        -- amounts
        {{ clean_money('fee_amount') }} as fee_amount,

        -- dates
        {{ clean_date('effective_date') }} as effective_date,
        {{ clean_date('end_date') }} as end_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
