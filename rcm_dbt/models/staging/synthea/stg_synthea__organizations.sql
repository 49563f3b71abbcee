-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('organizations') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as organization_id,

        -- texts
        {{ clean_text('name') }} as organization_name,
        {{ clean_text('address') }} as address,
        {{ clean_text('city') }} as city,
        {{ clean_text('state') }} as state,
        {{ clean_text('zip') }} as postal_code,
        {{ clean_text('phone') }} as phone_number,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
