-- One row per authorization asked of a payer by any hospital, in its latest version.
with

authorizations as (

    select * from {{ ref('stg_hospital__authorizations') }}

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
            partition by source_system, authorization_id
            order by
                modified_at desc,
                authorization_status desc,
                decision_date desc,
                requested_date desc,
                authorization_number desc,
                procedure_code desc,
                payer_id desc,
                patient_id desc,
                encounter_id desc
        ) as version_rank

    from authorizations

),

final as (

    select
        {{ surrogate_key(['ranked.source_system', 'ranked.authorization_id']) }}
            as authorization_key,
        ranked.source_system,
        ranked.authorization_id,
        {{ foreign_key(['ranked.source_system', 'ranked.patient_id']) }} as patient_key,
        {{ foreign_key(['ranked.source_system', 'ranked.encounter_id']) }} as encounter_key,
        payers.payer_key,
        ranked.procedure_code,
        ranked.authorization_status,
        ranked.authorization_number,
        ranked.requested_date,
        ranked.decision_date,
        ranked.recorded_date

    from ranked

    left join payers
        on ranked.source_system = payers.source_system
        and ranked.payer_id = payers.payer_id

    where ranked.version_rank = 1

)

select * from final
