-- What a hospital's rows point to and nobody knows, leave out, or date in months to come: loaded
-- as they are, counted in money where any hangs on it, and never a reason to publish nothing (N1 to
-- N8).
with

windows as (

    select max(window_days) as days_ahead

    from {{ ref('rules') }}

    where rule_id = 'N8'

),

encounters as (

    select
        encounters.*,
        rows_of_visits.encounter_date as stated_date,
        rows_of_visits.modified_at,
        rows_of_visits._source_file,
        rows_of_visits._source_position,
        coalesce(
            {{ days_between('encounters.recorded_date', 'rows_of_visits.encounter_date') }}
            > windows.days_ahead,
            false
        ) as is_ahead

    from {{ ref('int_encounter__current') }} as encounters

    inner join {{ ref('stg_hospital__encounters') }} as rows_of_visits
        on encounters.source_system = rows_of_visits.source_system
        and encounters.encounter_id = rows_of_visits.encounter_id

    cross join windows

    where
        encounters.encounter_date is null
        or {{ days_between('encounters.recorded_date', 'encounters.encounter_date') }}
        > windows.days_ahead

),

misdated as (

    select
        *,
        row_number() over (
            partition by encounter_key
            order by modified_at desc, _source_file asc, _source_position asc
        ) as row_rank

    from encounters

),

transactions as (

    select
        *,
        coalesce(amount, paid_amount) as transaction_amount

    from {{ ref('int_transaction__current') }}

),

charges as (

    select
        encounter_key,
        sum(amount) as charge_amount

    from transactions

    where event_type = 'CHARGE'

    group by encounter_key

),

-- what a visit or a bill names and the list of the hospital does not have; a patient by the key,
-- since the number names a person
unlisted as (

    select
        'N3' as rule_id,
        'clinician' as record_type,
        provider_id as record_id,
        source_system,
        provider_key as record_key

    from {{ ref('int_provider__current') }}

    where is_inferred

    union all

    select
        'N6' as rule_id,
        'patient' as record_type,
        patient_key as record_id,
        source_system,
        patient_key as record_key

    from {{ ref('int_patient__current') }}

    where is_inferred

    union all

    select
        'N7' as rule_id,
        'department' as record_type,
        department_id as record_id,
        source_system,
        department_key as record_key

    from {{ ref('int_department__current') }}

    where is_inferred

),

named as (

    select
        provider_key,
        patient_key,
        department_key,
        encounter_id,
        'encounters' as table_name,
        recorded_date,
        cast(null as decimal(18, 2)) as charge_amount

    from {{ ref('int_encounter__current') }}

    union all

    select
        provider_key,
        patient_key,
        department_key,
        encounter_id,
        'transactions' as table_name,
        recorded_date,
        case when event_type = 'CHARGE' then amount end as charge_amount

    from transactions

),

naming as (

    select
        provider_key as record_key,
        encounter_id,
        table_name,
        recorded_date,
        charge_amount

    from named

    union all

    select
        patient_key as record_key,
        encounter_id,
        table_name,
        recorded_date,
        charge_amount

    from named

    union all

    select
        department_key as record_key,
        encounter_id,
        table_name,
        recorded_date,
        charge_amount

    from named

),

not_listed as (

    select
        unlisted.rule_id,
        unlisted.record_type,
        unlisted.record_id,
        unlisted.source_system,
        min(naming.table_name) as _source_file,
        cast(null as {{ dbt.type_string() }}) as _source_position,
        min(naming.recorded_date) as recorded_date,
        min(naming.encounter_id) as encounter_id,
        sum(naming.charge_amount) as charge_amount,
        count(*) as row_count

    from unlisted

    inner join naming
        on unlisted.record_key = naming.record_key

    group by
        unlisted.rule_id,
        unlisted.record_type,
        unlisted.record_id,
        unlisted.source_system

),

procedures as (

    select * from {{ ref('int_procedure__current') }}

),

visits_without_a_date as (

    select
        {{ finding(
            "case when misdated.is_ahead then 'N8' else 'N1' end",
            "'encounter'",
            'misdated.encounter_id',
            'misdated',
            amount='charges.charge_amount',
            facility_key='misdated.facility_key',
            detail='misdated.stated_date',
        ) }}

    from misdated

    left join charges
        on misdated.encounter_key = charges.encounter_key

    where misdated.row_rank = 1

),

transactions_ahead as (

    select
        {{ finding(
            "'N8'",
            "'transaction'",
            'transactions.transaction_id',
            'transactions',
            amount='transactions.transaction_amount',
            claim_key='transactions.claim_key',
            detail='transactions.last_stated_date',
        ) }}

    from transactions

    cross join windows

    where
        {{ days_between('transactions.recorded_date', 'transactions.last_stated_date') }}
        > windows.days_ahead

),

transactions_without_a_date as (

    select
        {{ finding(
            "'N2'",
            "'transaction'",
            'transactions.transaction_id',
            'transactions',
            amount='transactions.transaction_amount',
            claim_key='transactions.claim_key',
            detail="'counted on the day of its visit, else of its posting'",
        ) }}

    from transactions

    where not transactions.has_service_date and transactions.event_type = 'CHARGE'

),

records_not_listed as (

    select
        {{ finding(
            'not_listed.rule_id',
            'not_listed.record_type',
            'not_listed.record_id',
            'not_listed',
            amount='not_listed.charge_amount',
            detail=dbt.concat(
                ["'visits and transactions that name it: '",
                'cast(not_listed.row_count as ' ~ dbt.type_string() ~ ')',
                "coalesce(" ~ dbt.concat(["', such as visit '", 'not_listed.encounter_id'])
                ~ ", '')"]
            ),
        ) }}

    from not_listed

),

transactions_without_a_visit as (

    select
        {{ finding(
            "'N4'",
            "'transaction'",
            'transactions.transaction_id',
            'transactions',
            amount='transactions.transaction_amount',
            claim_key='transactions.claim_key',
            detail=dbt.concat(["'visit '", 'transactions.encounter_id']),
        ) }}

    from transactions

    where transactions.encounter_key is null and transactions.encounter_id is not null

),

work_without_a_visit as (

    select
        {{ finding(
            "'N5'",
            "'procedure'",
            'procedures.procedure_id',
            'procedures',
            detail=dbt.concat(["'visit '", 'procedures.encounter_id']),
        ) }}

    from procedures

    where procedures.encounter_key is null

),

final as (

    select * from visits_without_a_date
    union all
    select * from transactions_without_a_date
    union all
    select * from transactions_ahead
    union all
    select * from records_not_listed
    union all
    select * from transactions_without_a_visit
    union all
    select * from work_without_a_visit

)

select * from final
