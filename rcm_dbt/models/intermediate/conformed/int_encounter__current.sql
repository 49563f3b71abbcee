-- One row per visit of every system, in its latest version.
with

encounters as (

    select * from {{ ref('stg_hospital__encounters') }}

),

departments as (

    select * from {{ ref('int_department__current') }}

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

    where is_main

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
        ranked.department_id,
        departments.department_name,
        {{ known_date('ranked.encounter_date') }} as encounter_date,
        ranked.encounter_type,
        ranked.recorded_date

    from ranked

    left join facilities
        on ranked.source_system = facilities.source_system

    left join departments
        on ranked.source_system = departments.source_system
        and ranked.department_id = departments.department_id

    where ranked.version_rank = 1

),

synthea_encounters as (

    select
        source_system,
        encounter_id,
        patient_id,
        provider_id,
        {{ foreign_key(["'synthea'", 'organization_id']) }} as facility_key,
        cast(null as {{ dbt.type_string() }}) as department_id,
        cast(null as {{ dbt.type_string() }}) as department_name,
        {{ known_date('encounter_date') }} as encounter_date,
        encounter_type,
        recorded_date

    from {{ ref('stg_synthea__encounters') }}

),

unioned as (

    select * from hospital_encounters
    union all
    select * from synthea_encounters

),

keyed as (

    select
        {{ surrogate_key(['source_system', 'encounter_id']) }} as encounter_key,
        {{ foreign_key(['source_system', 'patient_id']) }} as patient_key,
        {{ foreign_key(['source_system', 'provider_id']) }} as provider_key,
        {{ foreign_key(['source_system', 'department_id']) }} as department_key,
        unioned.*

    from unioned

),

patients as (

    select * from {{ ref('int_patient__versions') }}

),

final as (

    select
        keyed.encounter_key,
        keyed.source_system,
        keyed.encounter_id,
        keyed.patient_key,
        patients.patient_version_key,
        keyed.provider_id,
        keyed.provider_key,
        keyed.facility_key,
        keyed.department_key,
        keyed.department_name,
        keyed.encounter_date,
        keyed.encounter_type,
        keyed.recorded_date

    from keyed

    left join patients
        on keyed.patient_key = patients.patient_key
        -- a visit without a date has the version of the day on which it was known
        and {{ valid_on('patients', 'coalesce(keyed.encounter_date, keyed.recorded_date)') }}

)

select * from final
