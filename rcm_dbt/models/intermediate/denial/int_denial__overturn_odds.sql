-- How often a denial that was worked was overturned, by category and class of payer, as it could be
-- known on each day on which the queue is judged: only decisions recorded by then count. Few
-- outcomes decide nothing: the odds of a class lean on those of its category, and these on those of
-- all denials.
with

days as (

    select * from {{ ref('int_date__report_days') }}

),

outcomes as (

    select * from {{ ref('int_denial__outcomes') }}

),

-- by month, as a decision of the current month has been recorded by the as-of date
decided as (

    select
        denial_category,
        payer_class,
        {{ month_start('decided_date') }} as decided_month,
        count(*) as decided_count,
        sum(case when decision = 'upheld' then 0 else 1 end) as overturned_count,
        sum(case when decision = 'upheld' then 0 else denied_amount - still_denied_amount end)
            as overturned_amount,
        sum(case when decision = 'upheld' then 0 else decision_paid_amount end) as paid_amount

    from outcomes

    where decided_date is not null and denial_category is not null

    group by
        denial_category,
        payer_class,
        {{ month_start('decided_date') }}

),

cells as (

    select distinct
        denial_category,
        payer_class

    from outcomes

    where denial_category is not null

),

counted as (

    select
        days.report_date,
        cells.denial_category,
        cells.payer_class,
        coalesce(sum(decided.overturned_count), 0) as overturned_count,
        coalesce(sum(decided.decided_count), 0) as decided_count,
        coalesce(sum(decided.overturned_amount), 0) as overturned_amount,
        coalesce(sum(decided.paid_amount), 0) as paid_amount

    from days

    cross join cells

    left join decided
        on cells.denial_category = decided.denial_category
        and cells.payer_class = decided.payer_class
        and days.report_month >= decided.decided_month

    group by
        days.report_date,
        cells.denial_category,
        cells.payer_class

),

pooled as (

    select
        *,
        sum(overturned_count) over (partition by report_date, denial_category)
            as category_overturned_count,
        sum(decided_count) over (partition by report_date, denial_category)
            as category_decided_count,
        sum(overturned_count) over (partition by report_date) as all_overturned_count,
        sum(decided_count) over (partition by report_date) as all_decided_count,
        sum(overturned_amount) over (partition by report_date, payer_class)
            as class_overturned_amount,
        sum(paid_amount) over (partition by report_date, payer_class) as class_paid_amount,
        sum(overturned_count) over (partition by report_date, payer_class)
            as class_overturned_count,
        sum(overturned_amount) over (partition by report_date) as all_overturned_amount,
        sum(paid_amount) over (partition by report_date) as all_paid_amount,
        cast({{ setting('odds_prior_claims') }} as {{ dbt.type_float() }}) as prior_claims

    from counted

),

-- before the first outcome one in two is as good a guess as any
shrunk as (

    select
        *,
        {{ quotient('all_overturned_count + 1', 'all_decided_count + 2') }} as all_odds,
        coalesce(
            {{ quotient('all_paid_amount', 'nullif(all_overturned_amount, 0)') }},
            cast(1 as {{ dbt.type_float() }})
        ) as all_paid_share

    from pooled

),

priors as (

    select
        *,
        (category_overturned_count + prior_claims * all_odds)
        / (category_decided_count + prior_claims) as prior_odds,
        (
            class_overturned_count
            * coalesce(
                {{ quotient('class_paid_amount', 'nullif(class_overturned_amount, 0)') }},
                all_paid_share
            )
            + prior_claims * all_paid_share
        ) / (class_overturned_count + prior_claims) as paid_share

    from shrunk

),

final as (

    select
        report_date,
        denial_category,
        payer_class,
        cast(overturned_count as {{ dbt.type_bigint() }}) as overturned_count,
        cast(decided_count as {{ dbt.type_bigint() }}) as decided_count,
        cast(category_overturned_count as {{ dbt.type_bigint() }}) as category_overturned_count,
        cast(category_decided_count as {{ dbt.type_bigint() }}) as category_decided_count,
        {{ to_places('prior_odds', 4) }} as prior_odds,
        {{ to_places(
            '(overturned_count + prior_claims * prior_odds) / (decided_count + prior_claims)', 4
        ) }} as overturn_odds,
        {{ to_places('paid_share', 4) }} as paid_share

    from priors

)

select * from final
