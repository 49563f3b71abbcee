-- One row per appointment of every hospital, in its latest version.
with

appointments as (

    select * from {{ ref('stg_hospital__appointments') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, appointment_id
            order by
                modified_at desc,
                appointment_status desc,
                scheduled_date desc,
                booked_date desc,
                visit_type desc,
                encounter_id desc,
                patient_id desc,
                provider_id desc,
                department_id desc
        ) as version_rank

    from appointments

),

final as (

    select
        {{ surrogate_key(['ranked.source_system', 'ranked.appointment_id']) }} as appointment_key,
        ranked.source_system,
        ranked.appointment_id,
        {{ foreign_key(['ranked.source_system', 'ranked.patient_id']) }} as patient_key,
        {{ foreign_key(['ranked.source_system', 'ranked.provider_id']) }} as provider_key,
        {{ foreign_key(['ranked.source_system', 'ranked.department_id']) }} as department_key,
        {{ foreign_key(['ranked.source_system', 'ranked.encounter_id']) }} as encounter_key,
        facilities.facility_key,
        ranked.visit_type,
        ranked.appointment_status,
        ranked.booked_date,
        ranked.scheduled_date,
        ranked.recorded_date

    from ranked

    left join facilities
        on ranked.source_system = facilities.source_system
        and facilities.facility_type = 'hospital'

    where ranked.version_rank = 1

)

select * from final
