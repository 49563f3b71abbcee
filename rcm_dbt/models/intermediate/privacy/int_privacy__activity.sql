-- Who is behind the work and the money of a facility's month, by clinician: who was seen, billed or
-- paid for. Those who were seen are also counted apart: visits are a figure of their own.
with

members as (

    select
        patient_key,
        person_key

    from {{ ref('int_person__members') }}

),

visits as (

    select
        patient_key,
        provider_key,
        facility_key,
        encounter_date as activity_date

    from {{ ref('int_encounter__enriched') }}

),

claims as (

    select
        claim_key,
        patient_key,
        provider_key,
        facility_key,
        service_date as activity_date

    from {{ ref('int_claim__enriched') }}

),

records as (

    select
        'visits' as counted_as,
        patient_key,
        provider_key,
        facility_key,
        activity_date

    from visits

    union all

    select
        'all' as counted_as,
        patient_key,
        provider_key,
        facility_key,
        activity_date

    from visits

    union all

    select
        'all' as counted_as,
        patient_key,
        provider_key,
        facility_key,
        activity_date

    from claims

    union all

    -- cash is of the claim's patient; what else moves a balance brings in nobody new
    select
        'all' as counted_as,
        case when entries.cash_amount <> 0 then claims.patient_key end as patient_key,
        entries.provider_key,
        entries.facility_key,
        entries.event_date as activity_date

    from {{ ref('int_ledger__entries') }} as entries

    left join claims
        on entries.claim_key = claims.claim_key

    where entries.cash_amount <> 0 or entries.ar_amount <> 0

    union all

    select
        'all' as counted_as,
        {{ null_key() }} as patient_key,
        {{ null_key() }} as provider_key,
        facility_key,
        cost_month as activity_date

    from {{ ref('int_facility__costs') }}

),

final as (

    select distinct
        records.facility_key,
        records.provider_key,
        {{ month_start('records.activity_date') }} as activity_month,
        records.counted_as,
        members.person_key

    from records

    left join members
        on records.patient_key = members.patient_key

    where records.activity_date is not null

)

select * from final
