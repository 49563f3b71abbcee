-- One row per visit of every system, in its latest version.
with

encounters as (

    select * from {{ ref('stg_hospital_a__encounters') }}
    union all
    select * from {{ ref('stg_hospital_b__encounters') }}

),

departments as (

    select * from {{ ref('stg_hospital_a__departments') }}
    union all
    select * from {{ ref('stg_hospital_b__departments') }}

),

department_names as (

    select
        source_system,
        department_id,
        max(department_name) as department_name

    from departments

    group by
        source_system,
        department_id

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, encounter_id
            order by
                modified_at desc,
                inserted_at desc,
                encounter_date desc,
                encounter_type desc,
                patient_id desc,
                provider_id desc,
                department_id desc,
                procedure_code desc
        ) as version_rank

    from encounters

),

hospital_encounters as (

    select
        ranked.source_system,
        ranked.encounter_id,
        ranked.patient_id,
        ranked.provider_id,
        -- a hospital that the list does not know goes by the name of its system
        {{ surrogate_key([
            "'operations'", 'coalesce(facilities.facility_id, ranked.source_system)',
        ]) }} as facility_key,
        department_names.department_name,
        ranked.encounter_date,
        ranked.encounter_type,
        ranked.recorded_date

    from ranked

    left join facilities
        on ranked.source_system = facilities.source_system

    left join department_names
        on ranked.source_system = department_names.source_system
        and ranked.department_id = department_names.department_id

    where ranked.version_rank = 1

),

synthea_encounters as (

    select
        source_system,
        encounter_id,
        patient_id,
        provider_id,
        {{ foreign_key(["'synthea'", 'organization_id']) }} as facility_key,
        cast(null as {{ dbt.type_string() }}) as department_name,
        encounter_date,
        encounter_type,
        recorded_date

    from {{ ref('stg_synthea__encounters') }}

),

unioned as (

    select * from hospital_encounters
    union all
    select * from synthea_encounters

),

final as (

    select
        {{ surrogate_key(['source_system', 'encounter_id']) }} as encounter_key,
        source_system,
        encounter_id,
        {{ foreign_key(['source_system', 'patient_id']) }} as patient_key,
        {{ foreign_key(['source_system', 'provider_id']) }} as provider_key,
        facility_key,
        department_name,
        encounter_date,
        encounter_type,
        recorded_date

    from unioned

)

select * from final
