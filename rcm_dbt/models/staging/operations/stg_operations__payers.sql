-- An undated list: it applies to every reporting date, and the version received last replaces the
-- rows that it repeats.
with

source as (

    select * from {{ source('operations', 'payers') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by {{ clean_text('payer_id') }}
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('payer_id') }} as payer_id,
        {{ clean_text('merged_into') }} as merged_into,

        -- texts
        {{ clean_text('payer_name') }} as payer_name,
        {{ clean_text('payer_class') }} as payer_class,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
