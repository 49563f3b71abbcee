-- Age is worked out on the reporting date: it is no attribute of the source, so no birthday makes a
-- version.
with

patients as (

    select * from {{ ref('int_patient__versions') }}

),

persons as (

    select * from {{ ref('int_person__members') }}

),

aged as (

    select
        patients.*,
        persons.person_key,
        -- years are counted on the calendar: a birthday later in the year has not come yet
        {{ year_of(as_of_date()) }} - {{ year_of('patients.birth_date') }}
        - case
            when 100 * {{ month_of(as_of_date()) }} + {{ day_of(as_of_date()) }}
                < 100 * {{ month_of('patients.birth_date') }} + {{ day_of('patients.birth_date') }}
                then 1
            else 0
        end as age_years

    from patients

    left join persons
        on patients.patient_key = persons.patient_key

),

final as (

    select
        patient_version_key,
        patient_key,
        person_key,
        source_system,
        patient_id,
        version_number,
        valid_from,
        valid_to,
        is_current,
        is_inferred,
        first_name,
        last_name,
        middle_name,
        ssn,
        phone_number,
        address,
        gender,
        birth_date,
        cast(age_years as {{ dbt.type_int() }}) as age_years,
        {{ age_band('age_years') }} as age_band,
        recorded_date

    from aged

)

select * from final
