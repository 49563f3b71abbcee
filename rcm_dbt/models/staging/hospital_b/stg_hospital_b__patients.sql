-- All versions of a patient record. This hospital has its own column names and gender codes.
with

source as (

    select * from {{ source('hospital_b', 'patients') }}

    where _arrival_date <= {{ as_of_date() }}

),

renamed as (

    select
        -- ids
        {{ clean_text('id') }} as patient_id,

        -- texts
        {{ clean_text('f_name') }} as first_name,
        {{ clean_text('l_name') }} as last_name,
        {{ clean_text('m_name') }} as middle_name,
        {{ clean_text('ssn') }} as ssn,
        {{ clean_text('phonenumber') }} as phone_number,
        {{ house_gender('gender') }} as gender,
        {{ clean_text('address') }} as address,

        -- dates
        cast(dob as date) as birth_date,
        cast(updated_date as {{ dbt.type_timestamp() }}) as modified_at,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from source

)

select * from renamed
