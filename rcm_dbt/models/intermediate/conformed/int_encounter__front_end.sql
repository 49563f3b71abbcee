-- One row per visit: who pays, whether that was checked, and whether the payer's leave was needed
-- and got. That it was needed is known from asking for it, or from a denial for want of it.
with

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

bills as (

    select
        encounter_key,
        min(payer_key) as payer_key

    from {{ ref('int_claim__headers') }}

    where encounter_key is not null

    group by encounter_key

),

checks as (

    select
        encounter_key,
        min(payer_key) as payer_key,
        max(case when is_verified then 1 else 0 end) as verified_flag

    from {{ ref('int_eligibility__current') }}

    where encounter_key is not null

    group by encounter_key

),

authorizations as (

    select
        encounter_key,
        max(case when authorization_status = 'Approved' then 1 else 0 end) as approved_flag,
        max(case when authorization_status = 'Denied' then 1 else 0 end) as denied_flag

    from {{ ref('int_authorization__current') }}

    where encounter_key is not null

    group by encounter_key

),

authorization_denials as (

    select
        headers.encounter_key,
        min(remits.recorded_date) as denied_date

    from {{ ref('int_claim__remit_adjustments') }} as adjustments

    inner join {{ ref('int_claim__remits') }} as remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    inner join {{ ref('int_claim__headers') }} as headers
        on remits.claim_key = headers.claim_key

    where
        adjustments.is_denial
        and adjustments.category = 'Authorization'
        and remits.is_decision
        and headers.encounter_key is not null

    group by headers.encounter_key

),

final as (

    select
        encounters.encounter_key,
        encounters.source_system,
        encounters.patient_key,
        encounters.facility_key,
        encounters.department_key,
        encounters.encounter_date,
        coalesce(bills.payer_key, checks.payer_key) as payer_key,
        checks.encounter_key is not null as is_coverage_checked,
        coalesce(checks.verified_flag, 0) = 1 as is_coverage_verified,
        case
            when authorizations.approved_flag = 1 then 'approved'
            when authorizations.denied_flag = 1 then 'denied'
            when authorizations.encounter_key is not null then 'pending'
            when authorization_denials.encounter_key is not null then 'missing'
            else 'not required'
        end as authorization_result,
        case
            when authorizations.encounter_key is null then authorization_denials.denied_date
            else encounters.encounter_date
        end as authorization_known_date

    from encounters

    left join bills
        on encounters.encounter_key = bills.encounter_key

    left join checks
        on encounters.encounter_key = checks.encounter_key

    left join authorizations
        on encounters.encounter_key = authorizations.encounter_key

    left join authorization_denials
        on encounters.encounter_key = authorization_denials.encounter_key

)

select * from final
