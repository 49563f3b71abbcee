-- How far off forecasts of a kind had been by each day: the quantiles of what was collected over
-- what was forecast, of all forecasts whose days had passed by then. Of n errors the ranks are
-- those of n + 1, as the next one is as likely to fall into each of the n + 1 gaps. A scope with
-- too few errors of its own for such ranks takes those of all scopes, which lie wider apart.
with

results as (

    select * from {{ ref('int_forecast__results') }}

    where forecast_amount > 0

),

questions as (

    select distinct
        horizon_days,
        report_date

    from results

),

known as (

    select
        results.scope,
        questions.horizon_days,
        questions.report_date,
        cast(results.collected_amount / results.forecast_amount as decimal(18, 6)) as error_ratio

    from questions

    inner join results
        on questions.horizon_days = results.horizon_days
        and questions.report_date >= results.horizon_date

    where results.collected_amount is not null

),

errors as (

    select
        scope as pool,
        horizon_days,
        report_date,
        error_ratio

    from known

    union all

    select
        'all' as pool,
        horizon_days,
        report_date,
        error_ratio

    from known

),

ranked as (

    select
        *,
        row_number() over (
            partition by pool, horizon_days, report_date
            order by error_ratio
        ) as error_rank,
        count(*) over (partition by pool, horizon_days, report_date) as error_count,
        (100 - {{ setting('interval_percent') }}) / 200.0 as tail

    from errors

),

bounds as (

    select
        pool,
        horizon_days,
        report_date,
        min(error_count) as error_count,
        max(case when error_rank <= tail * (error_count + 1) then error_ratio end) as low_ratio,
        min(case when error_rank >= (1 - tail) * (error_count + 1) then error_ratio end)
            as high_ratio

    from ranked

    group by
        pool,
        horizon_days,
        report_date

),

scopes as (

    select distinct scope from results

),

final as (

    select
        scopes.scope,
        pooled.horizon_days,
        pooled.report_date,
        case when own.low_ratio is not null then own.error_count else pooled.error_count end
            as error_count,
        coalesce(own.low_ratio, pooled.low_ratio) as low_ratio,
        case when own.low_ratio is not null then own.high_ratio else pooled.high_ratio end
            as high_ratio

    from scopes

    cross join bounds as pooled

    left join bounds as own
        on scopes.scope = own.pool
        and pooled.horizon_days = own.horizon_days
        and pooled.report_date = own.report_date

    where pooled.pool = 'all' and pooled.low_ratio is not null

)

select * from final
