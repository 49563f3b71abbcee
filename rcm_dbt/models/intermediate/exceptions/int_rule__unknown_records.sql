-- What a hospital's rows point to and nobody knows, or leave out: loaded as they are, counted in
-- money where any hangs on it, and never a reason to publish nothing (N1 to N5).
with

encounters as (

    select
        encounters.*,
        rows_of_visits._source_file,
        rows_of_visits._source_position

    from {{ ref('int_encounter__current') }} as encounters

    inner join {{ ref('stg_hospital__encounters') }} as rows_of_visits
        on encounters.source_system = rows_of_visits.source_system
        and encounters.encounter_id = rows_of_visits.encounter_id

    where encounters.encounter_date is null

),

undated as (

    select
        *,
        row_number() over (
            partition by encounter_key order by _source_file, _source_position
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

unlisted as (

    select * from {{ ref('int_provider__current') }}

    where is_inferred

),

-- what hangs on a clinician whom no list has: visits, and charges of them or of bills alone
named as (

    select
        source_system,
        provider_id,
        'encounters' as table_name,
        recorded_date,
        cast(null as decimal(18, 2)) as charge_amount

    from {{ ref('int_encounter__current') }}

    union all

    select
        source_system,
        provider_id,
        'transactions' as table_name,
        recorded_date,
        case when event_type = 'CHARGE' then amount end as charge_amount

    from transactions

),

clinicians as (

    select
        unlisted.provider_id,
        unlisted.source_system,
        min(named.table_name) as _source_file,
        cast(null as {{ dbt.type_string() }}) as _source_position,
        min(named.recorded_date) as recorded_date,
        sum(named.charge_amount) as charge_amount,
        count(*) as row_count

    from unlisted

    inner join named
        on unlisted.source_system = named.source_system
        and unlisted.provider_id = named.provider_id

    group by
        unlisted.provider_id,
        unlisted.source_system

),

procedures as (

    select * from {{ ref('int_procedure__current') }}

),

visits_without_a_date as (

    select
        {{ finding(
            "'N1'",
            "'encounter'",
            'undated.encounter_id',
            'undated',
            amount='charges.charge_amount',
            facility_key='undated.facility_key',
        ) }}

    from undated

    left join charges
        on undated.encounter_key = charges.encounter_key

    where undated.row_rank = 1

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

clinicians_not_listed as (

    select
        {{ finding(
            "'N3'",
            "'clinician'",
            'clinicians.provider_id',
            'clinicians',
            amount='clinicians.charge_amount',
            detail=dbt.concat(
                ['cast(clinicians.row_count as ' ~ dbt.type_string() ~ ')',
                "' visits and transactions name the clinician'"]
            ),
        ) }}

    from clinicians

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
    select * from clinicians_not_listed
    union all
    select * from transactions_without_a_visit
    union all
    select * from work_without_a_visit

)

select * from final
