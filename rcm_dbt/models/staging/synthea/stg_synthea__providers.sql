-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('providers') }}

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
