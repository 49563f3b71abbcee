-- One row per encounter with its work and its money. Claims are summed to the encounter before they
-- meet its work, so an encounter with two claims counts its wRVUs once. Money of
-- claims that no feed tells of is unknown, not nothing.
with

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

work as (

    select
        encounter_key,
        count(*) as procedure_count,
        sum(total_work_rvu) as work_rvu

    from {{ ref('int_procedure__current') }}

    group by encounter_key

),

claims as (

    select
        claims.encounter_key,
        count(*) as claim_count,
        sum(claims.charge_amount) as charge_amount,
        sum(claims.contractual_amount) as contractual_amount,
        sum(claims.payer_paid_amount) as payer_paid_amount,
        sum(claims.patient_paid_amount) as patient_paid_amount,
        sum(claims.write_off_amount) as write_off_amount,
        sum(claims.open_amount) as open_amount,
        {{ sum_where('claims.charge_amount', "service_types.service_type = 'professional'") }}
            as professional_charge_amount,
        {{ sum_where(
            'claims.payer_paid_amount + claims.patient_paid_amount',
            "service_types.service_type = 'professional'"
        ) }} as professional_paid_amount

    from {{ ref('int_claim__enriched') }} as claims

    inner join {{ ref('int_claim__service_types') }} as service_types
        on claims.claim_key = service_types.claim_key

    where claims.encounter_key is not null

    group by claims.encounter_key

),

final as (

    select
        encounters.encounter_key,
        encounters.source_system,
        encounters.encounter_id,
        encounters.patient_key,
        encounters.patient_version_key,
        encounters.provider_key,
        encounters.facility_key,
        encounters.department_key,
        encounters.department_name,
        encounters.encounter_date,
        encounters.encounter_type,
        coalesce(work.procedure_count, 0) as procedure_count,
        cast(work.work_rvu as decimal(18, 2)) as work_rvu,
        coalesce(claims.claim_count, 0) as claim_count,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.charge_amount end'
        ) }} as charge_amount,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.contractual_amount end'
        ) }} as contractual_amount,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.payer_paid_amount end'
        ) }} as payer_paid_amount,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.patient_paid_amount end'
        ) }} as patient_paid_amount,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.write_off_amount end'
        ) }} as write_off_amount,
        {{ money(
            'case when claims.encounter_key is null then 0 else claims.open_amount end'
        ) }} as open_amount,
        {{ money(
            'case when claims.encounter_key is null then 0'
            ~ ' else claims.professional_charge_amount end'
        ) }} as professional_charge_amount,
        {{ money(
            'case when claims.encounter_key is null then 0'
            ~ ' else claims.professional_paid_amount end'
        ) }} as professional_paid_amount

    from encounters

    left join work
        on encounters.encounter_key = work.encounter_key

    left join claims
        on encounters.encounter_key = claims.encounter_key

)

select * from final
