-- What are patients seen for, by chapter of the code system?
select
    diagnoses.diagnosis_chapter,
    count(distinct transactions.encounter_key) as encounter_count,
    count(distinct diagnoses.diagnosis_code) as diagnosis_code_count,
    sum(transactions.amount) as charge_amount

from {{ ref('fct_transactions') }} as transactions

inner join {{ ref('dim_diagnosis') }} as diagnoses
    on transactions.diagnosis_code_key = diagnoses.diagnosis_code_key

where transactions.amount_type = 'Charge'

group by diagnoses.diagnosis_chapter

order by
    charge_amount desc,
    diagnoses.diagnosis_chapter asc
