-- The points of each claim by the rules of the seed priority_rules: of each factor, the rule with
-- most points that holds.
{{ config(meta={'claims_from': ['int_queue__snapshots']}) }}
with

snapshots as (

    select * from {{ ref('int_queue__snapshots') }}

),

rules as (

    select * from {{ ref('priority_rules') }}

),

factors as (

    select
        claim_key,
        report_date,
        is_current,
        'outstanding_amount' as factor,
        cast(open_amount as {{ dbt.type_numeric() }}) as factor_value

    from snapshots

    union all

    select
        claim_key,
        report_date,
        is_current,
        'transaction_count' as factor,
        cast(transaction_count as {{ dbt.type_numeric() }}) as factor_value

    from snapshots

    union all

    select
        claim_key,
        report_date,
        is_current,
        'age_days' as factor,
        cast(age_days as {{ dbt.type_numeric() }}) as factor_value

    from snapshots

),

matches as (

    select
        factors.claim_key,
        factors.report_date,
        factors.is_current,
        factors.factor,
        cast(factors.factor_value as decimal(18, 2)) as factor_value,
        rules.points,
        rules.priority_bucket,
        rules.reason,
        row_number() over (
            partition by factors.claim_key, factors.report_date, factors.factor
            order by rules.points desc
        ) as rule_rank

    from factors

    inner join rules
        on factors.factor = rules.factor
        and (
            rules.comparison = 'else'
            or (rules.comparison = '>' and factors.factor_value > rules.threshold)
            or (rules.comparison = '>=' and factors.factor_value >= rules.threshold)
        )

),

final as (

    select
        claim_key,
        report_date,
        is_current,
        factor,
        factor_value,
        points,
        priority_bucket,
        reason

    from matches

    where rule_rank = 1

)

select * from final
