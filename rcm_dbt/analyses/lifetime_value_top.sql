-- Which persons have brought in most, over all hospitals?
select
    person_key,
    gender,
    age_band,
    hospital_count,
    visit_count,
    claim_count,
    charge_amount,
    lifetime_value_amount,
    first_visit_date,
    last_visit_date

from {{ ref('mart_patient_summary') }}

order by
    lifetime_value_amount desc,
    person_key asc

limit 25
