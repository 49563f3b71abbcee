-- One row per check of coverage of every hospital, in its latest version.
with

checks as (

    select * from {{ ref('stg_hospital__eligibility_checks') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

-- two versions of the same moment are told apart by their content, so that the order of arrival
-- never decides
ranked as (

    select
        *,
        row_number() over (
            partition by source_system, eligibility_check_id
            order by
                modified_at desc,
                eligibility_status desc,
                check_date desc,
                payer_id desc,
                patient_id desc,
                encounter_id desc,
                appointment_id desc
        ) as version_rank

    from checks

),

final as (

    select
        {{ surrogate_key(['ranked.source_system', 'ranked.eligibility_check_id']) }}
            as eligibility_check_key,
        ranked.source_system,
        ranked.eligibility_check_id,
        {{ foreign_key(['ranked.source_system', 'ranked.patient_id']) }} as patient_key,
        {{ foreign_key(['ranked.source_system', 'ranked.encounter_id']) }} as encounter_key,
        {{ foreign_key(['ranked.source_system', 'ranked.appointment_id']) }} as appointment_key,
        payers.payer_key,
        ranked.eligibility_status,
        ranked.eligibility_status = 'Active' as is_verified,
        ranked.check_date,
        ranked.recorded_date

    from ranked

    left join payers
        on ranked.source_system = payers.source_system
        and ranked.payer_id = payers.payer_id

    where ranked.version_rank = 1

)

select * from final
