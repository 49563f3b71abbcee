-- Which open balances to work first. Points per factor come from the seed priority_rules; settled
-- and credit claims are not here, as nobody owes us anything on them.
with

open_claims as (

    select * from {{ ref('int_claim__enriched') }}

    where open_amount > 0

),

rules as (

    select * from {{ ref('priority_rules') }}

),

factors as (

    select
        claim_key,
        'outstanding_amount' as factor,
        cast(open_amount as {{ dbt.type_numeric() }}) as factor_value

    from open_claims

    union all

    select
        claim_key,
        'transaction_count' as factor,
        cast(transaction_count as {{ dbt.type_numeric() }}) as factor_value

    from open_claims

    union all

    select
        claim_key,
        'age_days' as factor,
        cast(age_days as {{ dbt.type_numeric() }}) as factor_value

    from open_claims

),

matches as (

    select
        factors.claim_key,
        factors.factor,
        rules.points,
        rules.priority_bucket,
        rules.reason,
        row_number() over (
            partition by factors.claim_key, factors.factor
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

scores as (

    select
        claim_key,
        cast(sum(points) as {{ dbt.type_int() }}) as priority_score,
        max(case when factor = 'outstanding_amount' then points end) as outstanding_points,
        max(case when factor = 'transaction_count' then points end) as transaction_points,
        max(case when factor = 'age_days' then points end) as age_points,
        max(priority_bucket) as priority_bucket,
        max(case when factor = 'outstanding_amount' then reason end) as outstanding_reason,
        max(case when factor = 'transaction_count' then reason end) as transaction_reason,
        max(case when factor = 'age_days' then reason end) as age_reason

    from matches

    where rule_rank = 1

    group by claim_key

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

final as (

    select
        open_claims.claim_key,
        row_number() over (
            order by
                scores.priority_score desc,
                open_claims.open_amount desc,
                open_claims.claim_key asc
        ) as queue_position,
        open_claims.source_system,
        open_claims.claim_id,
        open_claims.patient_key,
        open_claims.facility_key,
        facilities.facility_name,
        open_claims.payer_key,
        payers.payer_name,
        open_claims.provider_key,
        providers.provider_name,
        open_claims.claim_status,
        open_claims.service_date,
        open_claims.age_days,
        open_claims.age_bucket,
        open_claims.transaction_count,
        open_claims.open_amount as outstanding_amount,
        scores.priority_bucket,
        scores.priority_score,
        scores.outstanding_points,
        scores.transaction_points,
        scores.age_points,
        coalesce(
            nullif({{ join_texts([
                'scores.outstanding_reason', 'scores.age_reason', 'scores.transaction_reason',
            ], '; ') }}, ''),
            'Lower relative risk'
        ) as priority_reasons

    from open_claims

    inner join scores
        on open_claims.claim_key = scores.claim_key

    left join facilities
        on open_claims.facility_key = facilities.facility_key

    left join payers
        on open_claims.payer_key = payers.payer_key

    left join providers
        on open_claims.provider_key = providers.provider_key

)

select * from final
