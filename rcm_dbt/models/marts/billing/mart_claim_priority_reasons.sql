-- Why each claim stands where it stands in the queue, one reason a row: points of the score,
-- dollars of the expected value, and flags that carry neither.
with

queue as (

    select * from {{ ref('mart_claim_priority_queue') }}

),

reasons as (

    select
        claim_key,
        factor as rule_name,
        cast(points as {{ dbt.type_int() }}) as points,
        cast(null as decimal(18, 2)) as value_amount,
        {{ dbt.concat([
            "coalesce(reason, 'Lower relative risk')",
            "': '",
            "case factor when 'outstanding_amount' then " ~ dollars_in_words('factor_value')
                ~ " else cast(cast(factor_value as " ~ dbt.type_bigint() ~ ") as "
                ~ dbt.type_string() ~ ") end",
            "case
                when factor = 'outstanding_amount' then ' open'
                when factor = 'age_days' and factor_value = 1 then ' day from service'
                when factor = 'age_days' then ' days from service'
                when factor_value = 1 then ' ledger entry'
                else ' ledger entries'
            end",
        ]) }} as evidence

    from {{ ref('int_queue__points') }}

    where is_current

    union all

    select
        claim_key,
        'expected_recovery' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        {{ money('expected_value_amount + work_cost_amount') }} as value_amount,
        {{ dbt.concat([
            "next_best_action",
            "': odds of '",
            "cast(cast(100 * recovery_odds as decimal(9, 1)) as " ~ dbt.type_string() ~ ")",
            "'% on '",
            dollars_in_words('recoverable_amount'),
        ]) }} as evidence

    from queue

    where recovery_odds > 0

    union all

    select
        claim_key,
        'work_cost' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        {{ money('-work_cost_amount') }} as value_amount,
        {{ dbt.concat([
            "next_best_action", "': '", "cast(work_minutes as " ~ dbt.type_string() ~ ")",
            "' minutes of staff'",
        ]) }} as evidence

    from queue

    union all

    select
        claim_key,
        'deadline' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        cast(null as decimal(18, 2)) as value_amount,
        {{ dbt.concat([
            "case when days_to_deadline < 0 then 'Deadline passed on ' else 'To be done by ' end",
            "cast(deadline_date as " ~ dbt.type_string() ~ ")",
        ]) }} as evidence

    from queue

    where deadline_date is not null

    union all

    select
        claim_key,
        'payer_concentration' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        cast(null as decimal(18, 2)) as value_amount,
        {{ dbt.concat(["'Much of what is open is owed by '", "payer_name"]) }} as evidence

    from queue

    where is_payer_concentrated

    union all

    select
        claim_key,
        'facility_concentration' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        cast(null as decimal(18, 2)) as value_amount,
        {{ dbt.concat(["'Much of what is open is owed to '", "facility_name"]) }} as evidence

    from queue

    where is_facility_concentrated

    union all

    select
        claim_key,
        'provider_concentration' as rule_name,
        cast(null as {{ dbt.type_int() }}) as points,
        cast(null as decimal(18, 2)) as value_amount,
        {{ dbt.concat(["'Much of what is open is for the work of '", "provider_name"]) }}
            as evidence

    from queue

    where is_provider_concentrated

),

final as (

    select
        claim_key,
        rule_name,
        points,
        value_amount,
        evidence

    from reasons

)

select * from final
