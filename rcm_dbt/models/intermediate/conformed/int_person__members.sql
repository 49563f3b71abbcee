-- The person of every patient record of every system. Records that are not linked (Synthea's, and
-- patients whom only a visit or a bill names) are persons of their own.
with

patients as (

    select * from {{ ref('int_patient__current') }}

),

members as (

    select * from {{ ref('stg_persons__members') }}

),

final as (

    select
        patients.patient_key,
        coalesce(members.person_id, patients.patient_key) as person_key,
        coalesce(members.membership, 'single') as membership

    from patients

    left join members
        on patients.source_system = members.source_system
        and patients.patient_id = members.patient_id

)

select * from final
