-- KPIs of what happens before and at the visit. What is counted are visits, not claims.
{{ config(materialized='view') }}
with

checking_systems as (

    select distinct source_system

    from {{ ref('int_eligibility__current') }}

),

visits as (

    select
        visits.*,
        encounters.encounter_type

    from {{ ref('int_encounter__front_end') }} as visits

    inner join {{ ref('int_encounter__current') }} as encounters
        on visits.encounter_key = encounters.encounter_key

    -- of systems that say whether coverage is checked: elsewhere nothing could be verified
    inner join checking_systems
        on visits.source_system = checking_systems.source_system

),

early_checks as (

    select distinct checks.appointment_key

    from {{ ref('int_eligibility__current') }} as checks

    inner join {{ ref('int_appointment__current') }} as appointments
        on checks.appointment_key = appointments.appointment_key
        and checks.check_date < appointments.scheduled_date

),

kept_appointments as (

    select
        visits.facility_key,
        visits.payer_key,
        appointments.scheduled_date,
        early_checks.appointment_key is not null as is_pre_registered

    from {{ ref('int_appointment__current') }} as appointments

    inner join visits
        on appointments.encounter_key = visits.encounter_key

    left join early_checks
        on appointments.appointment_key = early_checks.appointment_key

    where appointments.appointment_status = 'Completed'

),

-- whoever pays after all was insured after all
uninsured as (

    select
        visits.facility_key,
        visits.payer_key,
        visits.encounter_key,
        visits.encounter_date,
        max(case when claims.first_payer_payment_date is not null then 1 else 0 end) as paid_flag

    from visits

    left join {{ ref('int_claim__enriched') }} as claims
        on visits.encounter_key = claims.encounter_key

    where visits.is_coverage_checked and not visits.is_coverage_verified

    group by
        visits.facility_key,
        visits.payer_key,
        visits.encounter_key,
        visits.encounter_date

),

patient_cash as (

    select
        entries.claim_key,
        entries.facility_key,
        entries.payer_key,
        entries.event_date,
        entries.cash_amount,
        entries.event_date <= headers.service_date as is_at_visit

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('int_claim__headers') }} as headers
        on entries.claim_key = headers.claim_key

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where event_types.measure_class = 'patient_cash' and entries.cash_amount <> 0

),

final as (

    {{ kpi_rows(
        'pre_registration_rate', 'kept_appointments', 'scheduled_date',
        numerator=one_if('is_pre_registered'), claim_key=null_key()
    ) }}

    union all

    {{ kpi_rows(
        'insurance_verification_rate', 'visits', 'encounter_date',
        numerator=one_if('is_coverage_verified'), claim_key=null_key()
    ) }}

    union all

    {{ kpi_rows(
        'authorization_rate_inpatient', 'visits', 'encounter_date',
        numerator=one_if("authorization_result = 'approved'"), claim_key=null_key(),
        where="authorization_result <> 'not required' and encounter_type = 'inpatient'"
    ) }}

    union all

    {{ kpi_rows(
        'authorization_rate_outpatient', 'visits', 'encounter_date',
        numerator=one_if("authorization_result = 'approved'"), claim_key=null_key(),
        where="authorization_result <> 'not required' and encounter_type <> 'inpatient'"
    ) }}

    union all

    {{ kpi_rows(
        'uninsured_conversion_rate', 'uninsured', 'encounter_date',
        numerator='paid_flag', claim_key=null_key()
    ) }}

    union all

    {{ kpi_rows(
        'point_of_service_cash_rate', 'patient_cash', 'event_date',
        numerator='case when is_at_visit then cash_amount else 0 end', denominator='cash_amount'
    ) }}

)

select * from final
