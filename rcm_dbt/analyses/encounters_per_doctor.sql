-- How much does each doctor see and do, and what did it bring in so far?
select
    providers.source_system,
    providers.provider_name,
    providers.specialty,
    count(*) as encounter_count,
    sum(encounters.work_rvu) as work_rvu,
    sum(encounters.charge_amount) as charge_amount,
    sum(encounters.payer_paid_amount + encounters.patient_paid_amount) as collected_amount

from {{ ref('fct_encounters') }} as encounters

inner join {{ ref('dim_provider') }} as providers
    on encounters.provider_key = providers.provider_key

group by
    providers.source_system,
    providers.provider_key,
    providers.provider_name,
    providers.specialty

order by
    encounter_count desc,
    providers.source_system asc,
    providers.provider_name asc
