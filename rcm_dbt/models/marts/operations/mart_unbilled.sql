-- Work that has been done and not billed, one row per account: a discharged visit without a charge,
-- or a claim that no payer has been sent. Each waits for one step, the first that is missing. Which
-- accounts wait, int_account__waits says, for this report and for the KPIs.
with

encounters as (

    select * from {{ ref('fct_encounters') }}

),

statuses as (

    select * from {{ ref('int_encounter__status') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

waits as (

    select
        account_key,
        encounter_key,
        claim_key,
        payer_key,
        wait,
        is_estimated,
        {{ money('sum(amount)') }} as amount

    from {{ ref('int_account__waits') }}

    where to_date is null

    group by
        account_key,
        encounter_key,
        claim_key,
        payer_key,
        wait,
        is_estimated

),

uncharged as (

    select
        encounters.encounter_key as account_key,
        encounters.source_system,
        encounters.encounter_key,
        encounters.encounter_id,
        {{ null_key() }} as claim_key,
        {{ null_key() }} as claim_id,
        encounters.patient_key,
        encounters.provider_key,
        encounters.facility_key,
        encounters.department_key,
        encounters.encounter_type,
        waits.payer_key,
        waits.wait as unbilled_class,
        statuses.discharge_date,
        case
            when statuses.signed_date is null then 'not documented'
            when statuses.coded_date is null then 'not coded'
            else 'charge not posted'
        end as unbilled_reason,
        coalesce(statuses.coded_date, statuses.signed_date, statuses.discharge_date)
            as waiting_since_date,
        {{ money(0) }} as charge_amount,
        waits.amount as estimated_charge_amount

    from waits

    inner join encounters
        on waits.encounter_key = encounters.encounter_key

    inner join statuses
        on waits.encounter_key = statuses.encounter_key

    where waits.is_estimated

),

charges as (

    select
        claim_key,
        max(encounter_id) as encounter_id,
        max(recorded_date) as posted_date

    from {{ ref('int_transaction__current') }}

    where event_type = 'CHARGE'

    group by claim_key

),

unsent as (

    select
        claims.claim_key as account_key,
        claims.source_system,
        claims.encounter_key,
        charges.encounter_id,
        claims.claim_key,
        claims.claim_id,
        claims.patient_key,
        claims.provider_key,
        claims.facility_key,
        encounters.department_key,
        encounters.encounter_type,
        claims.payer_key,
        waits.wait as unbilled_class,
        coalesce(statuses.discharge_date, encounters.encounter_date, claims.service_date)
            as discharge_date,
        case
            when waits.wait = 'DNFB' then 'coded not billed'
            else 'billed not submitted'
        end as unbilled_reason,
        charges.posted_date as waiting_since_date,
        waits.amount as charge_amount,
        waits.amount as estimated_charge_amount

    from waits

    inner join claims
        on waits.claim_key = claims.claim_key

    inner join charges
        on waits.claim_key = charges.claim_key

    left join encounters
        on claims.encounter_key = encounters.encounter_key

    left join statuses
        on claims.encounter_key = statuses.encounter_key

    where not waits.is_estimated and waits.amount > 0

),

unioned as (

    select * from uncharged
    union all
    select * from unsent

),

final as (

    select
        account_key,
        source_system,
        encounter_key,
        encounter_id,
        claim_key,
        claim_id,
        patient_key,
        provider_key,
        facility_key,
        department_key,
        payer_key,
        encounter_type,
        unbilled_reason,
        unbilled_class,
        discharge_date,
        waiting_since_date,
        {{ days_between('discharge_date', as_of_date()) }} as unbilled_days,  -- noqa: LT05
        {{ days_between('waiting_since_date', as_of_date()) }} as waiting_days,  -- noqa: LT05
        charge_amount,
        estimated_charge_amount

    from unioned

)

select * from final
