-- One row per person, over every record of theirs at every hospital: what was done and charged for
-- them, and what has been paid. Each claim counts for the one person whose record it names.
with

members as (

    select * from {{ ref('int_person__members') }}

),

records as (

    select * from {{ ref('dim_patient') }}

    where is_current

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

-- the name of the record that arrived last stands for the person
persons as (

    select
        members.person_key,
        records.source_system,
        records.patient_key,
        {{ join_texts(['records.first_name', 'records.last_name'], ' ') }} as patient_name,
        records.gender,
        records.age_band,
        row_number() over (
            partition by members.person_key
            order by records.is_inferred asc, records.recorded_date desc, records.patient_key asc
        ) as record_rank

    from members

    inner join records
        on members.patient_key = records.patient_key

),

record_counts as (

    select
        person_key,
        count(*) as record_count,
        count(distinct source_system) as hospital_count

    from persons

    group by person_key

),

visits as (

    select
        members.person_key,
        count(*) as visit_count,
        min(encounters.encounter_date) as first_visit_date,
        max(encounters.encounter_date) as last_visit_date

    from encounters

    inner join members
        on encounters.patient_key = members.patient_key

    group by members.person_key

),

money_of_claims as (

    select
        members.person_key,
        count(*) as claim_count,
        sum(claims.charge_amount) as charge_amount,
        sum(claims.contractual_amount) as contractual_amount,
        sum(claims.payer_paid_amount) as payer_paid_amount,
        sum(claims.patient_paid_amount) as patient_paid_amount,
        sum(claims.write_off_amount) as write_off_amount,
        sum(claims.open_amount) as open_amount

    from claims

    inner join members
        on claims.patient_key = members.patient_key

    group by members.person_key

),

final as (

    select
        persons.person_key,
        nullif(persons.patient_name, '') as patient_name,
        persons.gender,
        persons.age_band,
        record_counts.record_count,
        record_counts.hospital_count,
        coalesce(visits.visit_count, 0) as visit_count,
        visits.first_visit_date,
        visits.last_visit_date,
        coalesce(money_of_claims.claim_count, 0) as claim_count,
        {{ money('coalesce(money_of_claims.charge_amount, 0)') }} as charge_amount,
        {{ money('coalesce(money_of_claims.contractual_amount, 0)') }} as contractual_amount,
        {{ money('coalesce(money_of_claims.payer_paid_amount, 0)') }} as payer_paid_amount,
        {{ money('coalesce(money_of_claims.patient_paid_amount, 0)') }} as patient_paid_amount,
        {{ money('coalesce(money_of_claims.write_off_amount, 0)') }} as write_off_amount,
        {{ money('coalesce(money_of_claims.open_amount, 0)') }} as open_amount,
        {{ money(
            'coalesce(money_of_claims.payer_paid_amount + money_of_claims.patient_paid_amount, 0)'
        ) }} as lifetime_value_amount

    from persons

    inner join record_counts
        on persons.person_key = record_counts.person_key

    left join visits
        on persons.person_key = visits.person_key

    left join money_of_claims
        on persons.person_key = money_of_claims.person_key

    where persons.record_rank = 1

)

select * from final
