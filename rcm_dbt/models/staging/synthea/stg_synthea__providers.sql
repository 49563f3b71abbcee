-- A Synthea export restates everything, so the last one received applies as a whole.
with

source as (

    select * from {{ source('synthea', 'providers') }}

    where _arrival_date <= {{ as_of_date() }}

),

exports as (

    select
        _batch_id,
        row_number() over (
            order by max(_arrival_date) desc, max(_loaded_at) desc, _batch_id desc
        ) as export_rank

    from source

    group by _batch_id

),

latest as (

    select source.*

    from source

    inner join exports
        on source._batch_id = exports._batch_id

    where exports.export_rank = 1

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as provider_id,
        {{ clean_text('organization') }} as organization_id,

        -- texts
        {{ clean_text('name') }} as provider_name,
        {{ clean_text('speciality') }} as specialty,

        -- codes
        {{ standard_gender('gender') }} as gender,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
