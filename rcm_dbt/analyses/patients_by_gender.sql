-- How many patients are there? Records in the version that applies now, and persons.
select
    gender,
    sum(record_count) as record_count,
    sum(person_count) as person_count

from {{ ref('mart_patient_demographics') }}

group by gender

order by gender asc
