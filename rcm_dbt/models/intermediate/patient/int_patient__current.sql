-- One row per patient record of every system, in its latest version. The same person at two
-- hospitals is two rows here: ids are unique only within a system.
with

hospitals as (

    select * from {{ ref('stg_hospital_a__patients') }}
    union all
    select * from {{ ref('stg_hospital_b__patients') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, patient_id
            order by
                modified_at desc,
                last_name desc,
                first_name desc,
                middle_name desc,
                ssn desc,
                phone_number desc,
                gender desc,
                birth_date desc,
                address desc
        ) as version_rank

    from hospitals

),

current_hospital_patients as (

    select
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        recorded_date

    from ranked

    where version_rank = 1

),

synthea_patients as (

    select
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        cast(null as {{ dbt.type_string() }}) as phone_number,
        gender,
        birth_date,
        nullif({{ join_texts(['address', 'city', 'state', 'postal_code'], ', ') }}, '') as address,
        recorded_date

    from {{ ref('stg_synthea__patients') }}

),

unioned as (

    select * from current_hospital_patients
    union all
    select * from synthea_patients

),

final as (

    select
        {{ surrogate_key(['source_system', 'patient_id']) }} as patient_key,
        source_system,
        patient_id,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        gender,
        birth_date,
        address,
        recorded_date

    from unioned

)

select * from final
