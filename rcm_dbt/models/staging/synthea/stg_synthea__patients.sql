-- A Synthea export restates everything: the one that was named last applies as a whole.
with

latest as (

    {{ last_export('patients') }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as patient_id,
        {{ clean_text('ssn') }} as ssn,

        -- texts
        {{ clean_text('first') }} as first_name,
        {{ clean_text('last') }} as last_name,
        {{ clean_text('middle') }} as middle_name,
        {{ clean_text('address') }} as address,
        {{ clean_text('city') }} as city,
        {{ clean_text('state') }} as state,
        {{ clean_text('zip') }} as postal_code,

        -- codes
        {{ standard_gender('gender') }} as gender,
        {{ clean_text('race') }} as race,
        {{ clean_text('ethnicity') }} as ethnicity,
        {{ clean_text('marital') }} as marital_status,

        -- dates
        {{ clean_date('birthdate') }} as birth_date,
        {{ clean_date('deathdate') }} as death_date,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from latest

)

select * from renamed
