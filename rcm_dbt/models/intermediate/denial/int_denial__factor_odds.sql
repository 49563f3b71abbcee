-- How often payers denied at first what was known to be so: for each month, from decisions that had
-- come before it began. The row of all claims holds their share; each payer how many times as often
-- it denied as all; each other trait how many times as often as its payers' shares lead to expect
-- of its claims. A handful of denials decides nothing: each leans on 1.
{%- set traits = ['procedure_code', 'coverage', 'authorization_state', 'documentation'] %}
with

claims as (

    select * from {{ ref('int_denial__known_before') }}

),

months as (

    select distinct month_start_date

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

decided as (

    select
        coalesce(payer_key, 'none') as payer,
        {% for trait in traits %}
            {{ trait }},
        {% endfor %}
        {{ month_start('decided_date') }} as decided_month,
        count(*) as claim_count,
        {{ sum_where('1', 'is_denied') }} as denied_count

    from claims

    where decided_date is not null and is_sent

    group by
        coalesce(payer_key, 'none'),
        {% for trait in traits %}
            {{ trait }},
        {% endfor %}
        {{ month_start('decided_date') }}

),

counted as (

    select
        'payer' as factor,
        payer as factor_value,
        payer,
        decided_month,
        claim_count,
        denied_count

    from decided

    {% for trait in traits %}
        union all

        select
            '{{ trait }}' as factor,
            {{ trait }} as factor_value,
            payer,
            decided_month,
            claim_count,
            denied_count

        from decided
    {% endfor %}

),

cells as (

    select distinct
        factor,
        factor_value,
        payer

    from counted

),

-- before each month began
known as (

    select
        cells.factor,
        cells.factor_value,
        cells.payer,
        months.month_start_date as scored_month,
        coalesce(
            sum(sum(counted.claim_count)) over (
                partition by cells.factor, cells.factor_value, cells.payer
                order by months.month_start_date
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as claim_count,
        coalesce(
            sum(sum(counted.denied_count)) over (
                partition by cells.factor, cells.factor_value, cells.payer
                order by months.month_start_date
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as denied_count

    from cells

    cross join months

    left join counted
        on cells.factor = counted.factor
        and cells.factor_value = counted.factor_value
        and cells.payer = counted.payer
        and months.month_start_date = counted.decided_month

    group by
        cells.factor,
        cells.factor_value,
        cells.payer,
        months.month_start_date

),

-- before the first decision one in two is as good a guess as any
base as (

    select
        scored_month,
        sum(claim_count) as claim_count,
        sum(denied_count) as denied_count,
        cast((sum(denied_count) + 1.0) / (sum(claim_count) + 2.0) as decimal(9, 4)) as denial_odds,
        cast({{ setting('odds_prior_claims') }} as {{ dbt.type_float() }}) as prior_claims

    from known

    where factor = 'payer'

    group by scored_month

),

payer_odds as (

    select
        known.scored_month,
        known.payer,
        known.claim_count,
        known.denied_count,
        cast(known.claim_count * base.denial_odds as decimal(18, 4)) as expected_count,
        cast(
            (known.denied_count + base.prior_claims * base.denial_odds)
            / (known.claim_count + base.prior_claims)
            as decimal(9, 4)
        ) as denial_odds,
        base.denial_odds as base_odds

    from known

    inner join base
        on known.scored_month = base.scored_month

    where known.factor = 'payer'

),

expected as (

    select
        known.scored_month,
        known.factor,
        known.factor_value,
        sum(known.claim_count) as claim_count,
        sum(known.denied_count) as denied_count,
        cast(sum(known.claim_count * payer_odds.denial_odds) as decimal(18, 4)) as expected_count

    from known

    inner join payer_odds
        on known.scored_month = payer_odds.scored_month
        and known.payer = payer_odds.payer

    where known.factor <> 'payer'

    group by
        known.scored_month,
        known.factor,
        known.factor_value

),

final as (

    select
        scored_month,
        'all' as factor,
        'all' as factor_value,
        cast(claim_count as {{ dbt.type_bigint() }}) as claim_count,
        cast(denied_count as {{ dbt.type_bigint() }}) as denied_count,
        cast(claim_count * denial_odds as decimal(18, 4)) as expected_count,
        denial_odds as relative_odds

    from base

    union all

    select
        scored_month,
        'payer' as factor,
        payer as factor_value,
        cast(claim_count as {{ dbt.type_bigint() }}) as claim_count,
        cast(denied_count as {{ dbt.type_bigint() }}) as denied_count,
        expected_count,
        cast(coalesce(denial_odds / nullif(base_odds, 0), 1) as decimal(9, 4)) as relative_odds

    from payer_odds

    union all

    select
        expected.scored_month,
        expected.factor,
        expected.factor_value,
        cast(expected.claim_count as {{ dbt.type_bigint() }}) as claim_count,
        cast(expected.denied_count as {{ dbt.type_bigint() }}) as denied_count,
        expected.expected_count,
        cast(
            (expected.denied_count + {{ setting('odds_prior_denials') }} * 1.0)
            / (expected.expected_count + {{ setting('odds_prior_denials') }})
            as decimal(9, 4)
        ) as relative_odds

    from expected

    inner join base
        on expected.scored_month = base.scored_month

)

select * from final
