-- Every quality rule, asked of every row that had arrived: one row per rule, source and day.
with

patients as (

    select
        *,
        {{ days_between('birth_date', 'recorded_date') }} as age_in_days  -- noqa: LT05

    from {{ ref('int_patient__versions') }}

    where not is_inferred

),

providers as (

    select * from {{ ref('stg_hospital__providers') }}

),

encounters as (

    select
        encounters.source_system,
        encounters.recorded_date,
        not patients.is_inferred as has_patient,
        known_providers.provider_key is not null as has_provider,
        departments.department_key is not null as has_department,
        {{ days_between('encounters.encounter_date', 'encounters.recorded_date') }} as lag_days  -- noqa: LT05

    from {{ ref('int_encounter__current') }} as encounters

    left join {{ ref('int_patient__current') }} as patients
        on encounters.patient_key = patients.patient_key

    left join {{ ref('int_provider__current') }} as known_providers
        on encounters.provider_key = known_providers.provider_key
        and not known_providers.is_inferred

    left join {{ ref('int_department__current') }} as departments
        on encounters.department_key = departments.department_key
        and not departments.is_inferred

),

hospital_systems as (

    select distinct source_system

    from providers

),

procedures as (

    select
        procedures.source_system,
        procedures.recorded_date,
        encounters.encounter_key is not null as has_encounter

    from {{ ref('int_procedure__current') }} as procedures

    left join {{ ref('int_encounter__current') }} as encounters
        on procedures.encounter_key = encounters.encounter_key

),

payers as (

    select distinct
        payer_id,
        source_system

    from {{ ref('int_payer__identifiers') }}

),

transactions as (

    select
        transactions.*,
        encounters.encounter_key is not null as has_encounter,
        encounters.patient_key as encounter_patient_key,
        payers.payer_id is not null as has_payer

    from {{ ref('int_transaction__current') }} as transactions

    left join {{ ref('int_encounter__current') }} as encounters
        on transactions.encounter_key = encounters.encounter_key

    left join payers
        on transactions.source_system = payers.source_system
        and transactions.payer_id = payers.payer_id

),

claims as (

    select
        claims.*,
        transactions.transaction_key is not null as has_transaction,
        count(*) over (partition by claims.source_system, claims.claim_id) as number_uses

    from {{ ref('stg_claims_csv__claims') }} as claims

    left join {{ ref('int_transaction__current') }} as transactions
        on claims.source_system = transactions.source_system
        and claims.transaction_id = transactions.transaction_id

),

-- what was loaded, a row or a claim at a time, and what was not
items as (

    select
        source_system,
        recorded_date,
        row_count as piece_count,
        0 as failed_count

    from {{ ref('stg_platform__received_files') }}

    union all

    select
        source_system,
        recorded_date,
        1 as piece_count,
        1 as failed_count

    from {{ ref('stg_platform__quarantine') }}

),

validations as (

    {{ validation_rows(
        'Q1', 'patients',
        'first_name is not null and last_name is not null and birth_date is not null'
    ) }}
    union all
    {{ validation_rows('Q2', 'patients', 'ssn is not null') }}
    union all
    {{ validation_rows(
        'Q3', 'patients', 'age_in_days between 0 and 43830', 'birth_date is not null'
    ) }}
    union all
    {{ validation_rows('Q4', 'patients', "gender <> 'unknown'") }}
    union all
    {{ validation_rows('Q5', 'providers', npi_is_valid('npi'), 'npi is not null') }}
    union all
    {{ validation_rows('Q6', 'encounters', 'has_patient') }}
    union all
    {{ validation_rows('Q7', 'encounters', 'has_provider') }}
    union all
    {{ validation_rows(
        'Q8', 'encounters', 'has_department',
        'source_system in (select source_system from hospital_systems)'
    ) }}
    union all
    {# an export arrives on one day, with visits of many years #}
    {{ validation_rows(
        'Q9', 'encounters', 'lag_days between 0 and 31', "source_system <> 'synthea'"
    ) }}
    union all
    {{ validation_rows('Q10', 'procedures', 'has_encounter') }}
    union all
    {{ validation_rows('Q11', 'transactions', 'has_encounter') }}
    union all
    {{ validation_rows(
        'Q12', 'transactions', 'patient_key = encounter_patient_key', 'has_encounter'
    ) }}
    union all
    {{ validation_rows(
        'Q13', 'transactions',
        "case event_type when 'CHARGE' then amount > 0 else paid_amount >= 0 end",
        "event_type in ('CHARGE', 'PATIENT_PAYMENT')"
    ) }}
    union all
    {{ validation_rows(
        'Q14', 'transactions', 'paid_date >= service_date',
        "event_type = 'PATIENT_PAYMENT' and paid_date is not null"
    ) }}
    union all
    {{ validation_rows(
        'Q15', 'transactions', 'procedure_code is not null and diagnosis_code is not null',
        "event_type = 'CHARGE'"
    ) }}
    union all
    {{ validation_rows(
        'Q16', 'transactions', 'has_payer', "event_type = 'CHARGE' and payer_id is not null"
    ) }}
    union all
    {{ validation_rows('Q17', 'claims', 'number_uses = 1') }}
    union all
    {{ validation_rows(
        'Q18', 'claims',
        "coalesce(paid_amount, 0) <= case when claim_status = 'Denied' then 0 else claim_amount end"
    ) }}
    union all
    {{ validation_rows('Q19', 'claims', 'has_transaction', 'transaction_id is not null') }}
    union all
    select
        'Q20' as rule_id,
        source_system,
        recorded_date,
        sum(piece_count) as checked_count,
        sum(failed_count) as failed_count

    from items

    group by
        source_system,
        recorded_date

    having sum(piece_count) > 0

)

select
    rule_id,
    source_system,
    recorded_date,
    cast(checked_count as {{ dbt.type_bigint() }}) as checked_count,
    cast(checked_count - failed_count as {{ dbt.type_bigint() }}) as passed_count,
    cast(failed_count as {{ dbt.type_bigint() }}) as failed_count

from validations
