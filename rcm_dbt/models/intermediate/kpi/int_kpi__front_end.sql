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
        encounters.encounter_type,
        case
            when visits.authorization_result not in ('approved', 'not required')
                then visits.authorization_result
        end as authorization_cause

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
        visits.encounter_key,
        appointments.scheduled_date,
        early_checks.appointment_key is not null as is_pre_registered

    from {{ ref('int_appointment__current') }} as appointments

    inner join visits
        on appointments.encounter_key = visits.encounter_key

    left join early_checks
        on appointments.appointment_key = early_checks.appointment_key

    where appointments.appointment_status = 'Completed'

),

-- Someone without cover is registered as paying alone, on the bill or on the check that found none,
-- and no check by the day of the visit found any. A check that fails to find the cover that there
-- is makes nobody uninsured.
payer_classes as (

    select
        payer_key,
        payer_class

    from {{ ref('int_payer__current') }}

),

-- on each visit: who was to pay, and whether cover was found, or paid, for someone who had none
signs_of_cover as (

    select
        claims.encounter_key,
        case when payer_classes.payer_class = 'Self-pay' then 1 else 0 end as self_pay_flag,
        0 as insured_flag,
        case
            when
                payer_classes.payer_class <> 'Self-pay'
                and claims.first_payer_payment_date is not null
                then claims.first_payer_payment_date
        end as covered_date

    from {{ ref('int_claim__enriched') }} as claims

    inner join payer_classes
        on claims.payer_key = payer_classes.payer_key

    where claims.encounter_key is not null

    union all

    select
        checks.encounter_key,
        case
            when payer_classes.payer_class = 'Self-pay' and not checks.is_verified then 1
            else 0
        end as self_pay_flag,
        case
            when checks.is_verified and checks.check_date <= encounters.encounter_date then 1
            else 0
        end as insured_flag,
        case
            when checks.is_verified and checks.check_date > encounters.encounter_date
                then checks.check_date
        end as covered_date

    from {{ ref('int_eligibility__current') }} as checks

    inner join {{ ref('int_encounter__front_end') }} as encounters
        on checks.encounter_key = encounters.encounter_key

    left join payer_classes
        on checks.payer_key = payer_classes.payer_key

),

cover as (

    select
        encounter_key,
        min(covered_date) as covered_date

    from signs_of_cover

    group by encounter_key

    having max(self_pay_flag) = 1 and max(insured_flag) = 0

),

uninsured as (

    select
        encounters.encounter_key,
        encounters.facility_key,
        encounters.payer_key,
        encounters.encounter_date,
        cover.covered_date

    from cover

    inner join {{ ref('int_encounter__front_end') }} as encounters
        on cover.encounter_key = encounters.encounter_key

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
        numerator=one_if('is_pre_registered'), claim_key=null_key(),
        record_type='visit', record_key='encounter_key'
    ) }}

    union all

    {{ kpi_rows(
        'insurance_verification_rate', 'visits', 'encounter_date',
        numerator=one_if('is_coverage_verified'), claim_key=null_key(),
        record_type='visit', record_key='encounter_key'
    ) }}

    union all

    {{ kpi_rows(
        'authorization_rate_inpatient', 'visits', 'encounter_date',
        known_date='authorization_known_date', cause='authorization_cause',
        numerator=one_if("authorization_result = 'approved'"), claim_key=null_key(),
        record_type='visit', record_key='encounter_key',
        where="authorization_result <> 'not required' and encounter_type = 'inpatient'"
    ) }}

    union all

    {{ kpi_rows(
        'authorization_rate_outpatient', 'visits', 'encounter_date',
        known_date='authorization_known_date', cause='authorization_cause',
        numerator=one_if("authorization_result = 'approved'"), claim_key=null_key(),
        record_type='visit', record_key='encounter_key',
        where="authorization_result <> 'not required' and encounter_type <> 'inpatient'"
    ) }}

    union all

    {{ kpi_rows(
        'uninsured_conversion_rate', 'uninsured', 'encounter_date',
        numerator=one_if('covered_date is not null'), claim_key=null_key(),
        numerator_date='covered_date',
        record_type='visit', record_key='encounter_key'
    ) }}

    union all

    {{ kpi_rows(
        'point_of_service_cash_rate', 'patient_cash', 'event_date',
        numerator='case when is_at_visit then cash_amount else 0 end', denominator='cash_amount'
    ) }}

)

select * from final
