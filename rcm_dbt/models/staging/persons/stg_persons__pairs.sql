-- The linkage is made anew for each reporting date, so no filter by arrival.
with

source as (

    select * from {{ source('persons', 'pairs') }}

),

renamed as (

    select
        -- ids
        left_source_system,
        left_patient_id,
        right_source_system,
        right_patient_id,

        -- evidence
        given_name as given_name_level,
        family_name as family_name_level,
        middle_initial as middle_initial_level,
        gender as gender_level,
        birth_date as birth_date_level,
        ssn as ssn_level,
        phone as phone_level,
        address as address_level,
        {{ to_places('match_weight', 2) }} as match_weight,
        cast(match_probability as decimal(9, 6)) as match_probability,

        -- decision
        decision,
        reason,
        override

    from source

)

select * from renamed
