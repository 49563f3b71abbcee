-- An undated list: it applies to every reporting date, and the version received last replaces the
-- rows that it repeats. Its source_system is not the list's own but that of the facility it names.
with

source as (

    select * from {{ source('operations', 'facilities') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by {{ clean_text('facility_id') }}
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('facility_id') }} as facility_id,
        {{ clean_text('npi') }} as npi,
        {{ plain_tax_id('tin') }} as tin,

        -- texts
        {{ clean_text('facility_name') }} as facility_name,

        -- flags: visits and bills of a system are of the facility that its list names first
        row_number() over (
            partition by {{ clean_text('source_system') }}
            order by length(_source_position), _source_position, {{ clean_text('facility_id') }}
        ) = 1 as is_main,

        -- provenance
        {{ clean_text('source_system') }} as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
