-- Work that has been done and not billed, one row per account: a discharged visit without a charge,
-- or a claim that no payer has been sent. Each waits for one step, the first that is missing.
-- Self-pay accounts are billed to the patient and never sent; a hospital whose claim files are not
-- received cannot be told to have sent nothing.
with

encounters as (

    select * from {{ ref('fct_encounters') }}

),

statuses as (

    select * from {{ ref('int_encounter__status') }}

),

front_end as (

    select * from {{ ref('int_encounter__front_end') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

transactions as (

    select * from {{ ref('int_transaction__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

sending_systems as (

    select distinct claim_source_system

    from {{ ref('int_claim__submissions') }}

),

-- what such a visit is charged as a rule, in whole cents
usual_charges as (

    select
        facility_key,
        encounter_type,
        {{ integer_divide(
            'cast(sum(charge_amount) * 100 as ' ~ dbt.type_bigint() ~ ')', 'count(*)'
        ) }} as charge_cents

    from encounters

    where charge_amount > 0

    group by
        facility_key,
        encounter_type

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
        front_end.payer_key,
        statuses.discharge_date,
        case
            when statuses.signed_date is null then 'not documented'
            when statuses.coded_date is null then 'not coded'
            else 'charge not posted'
        end as unbilled_reason,
        coalesce(statuses.coded_date, statuses.signed_date, statuses.discharge_date)
            as waiting_since_date,
        {{ money(0) }} as charge_amount,
        {{ money('coalesce(usual_charges.charge_cents, 0) * 0.01') }} as estimated_charge_amount

    from encounters

    inner join statuses
        on encounters.encounter_key = statuses.encounter_key

    left join front_end
        on encounters.encounter_key = front_end.encounter_key

    left join usual_charges
        on encounters.facility_key = usual_charges.facility_key
        and encounters.encounter_type = usual_charges.encounter_type

    where
        encounters.claim_count = 0
        and statuses.discharge_date is not null

),

charges as (

    select
        claim_key,
        max(claim_id) as account_id,
        max(encounter_id) as encounter_id,
        max(recorded_date) as posted_date

    from transactions

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
        coalesce(statuses.discharge_date, encounters.encounter_date, claims.service_date)
            as discharge_date,
        case
            when claims.claim_id = {{ dbt.concat(["'unbilled '", 'charges.encounter_id']) }}
                then 'coded not billed'
            else 'billed not submitted'
        end as unbilled_reason,
        charges.posted_date as waiting_since_date,
        claims.charge_amount,
        claims.charge_amount as estimated_charge_amount

    from claims

    inner join charges
        on claims.claim_key = charges.claim_key

    inner join sending_systems
        on claims.source_system = sending_systems.claim_source_system

    left join encounters
        on claims.encounter_key = encounters.encounter_key

    left join statuses
        on claims.encounter_key = statuses.encounter_key

    left join payers
        on claims.payer_key = payers.payer_key

    where
        claims.submission_count = 0
        and claims.remit_count = 0
        and claims.charge_amount > 0
        and coalesce(payers.payer_class, 'Unknown') <> 'Self-pay'

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
        -- billed not submitted has passed the hospital's own billing: it is counted apart (FBNS)
        case
            when unbilled_reason = 'billed not submitted' then 'FBNS'
            else 'DNFB'
        end as unbilled_class,
        discharge_date,
        waiting_since_date,
        {{ days_between('discharge_date', as_of_date()) }} as unbilled_days,  -- noqa: LT05
        {{ days_between('waiting_since_date', as_of_date()) }} as waiting_days,  -- noqa: LT05
        charge_amount,
        estimated_charge_amount

    from unioned

)

select * from final
