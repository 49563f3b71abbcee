"""What was open, what of it was then collected, and what that leads to expect."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS_ALONE, TruthCheck
from rcm_platform.proof.truth.valuation import DATABASE

_FORECASTS = f"""
    cohorts as (from {DATABASE}.cohorts),
    lessons as (
        select asked.day, horizon, measure, taught.payer_id, taught.age,
            sum(taught.open_amount) as open_amount, sum(taught.actual) as actual
        from (select distinct day, horizon from cohorts) as asked
        inner join cohorts as taught using (horizon)
        where taught.day + horizon <= asked.day group by all
    ),
    by_age as (
        select day, horizon, measure, age, sum(actual) / sum(open_amount) as share
        from lessons group by all
    ),
    ready as (
        select asked.day, horizon
        from (select distinct day, horizon from cohorts) as asked
        inner join (select distinct day, horizon from cohorts) as taught using (horizon)
        where taught.day + horizon <= asked.day group by all
        having count(*) >= (
            select setting_value from seeds.work_settings where setting = 'forecast_cohorts'
        )
    ),
    forecasts as (
        select cohorts.*, ready.day is not null as is_ready, cohorts.open_amount * cast(
            coalesce(lessons.actual / lessons.open_amount, by_age.share, 0) as decimal(9, 6)
        ) as forecast
        from cohorts
        left join ready on ready.day = cohorts.day and ready.horizon = cohorts.horizon
        left join lessons on lessons.day = cohorts.day and lessons.horizon = cohorts.horizon
            and lessons.measure = cohorts.measure
            and lessons.payer_id is not distinct from cohorts.payer_id
            and lessons.age = cohorts.age
        left join by_age on by_age.day = cohorts.day and by_age.horizon = cohorts.horizon
            and by_age.measure = cohorts.measure and by_age.age = cohorts.age
    ),
    scoped as (
        select 'total' as scope, null as source_system, null as payer_id,
            * exclude (source_system, payer_id) from forecasts
        union all select 'facility', source_system, null,
            * exclude (source_system, payer_id) from forecasts
        union all select 'payer', null, payer_id,
            * exclude (source_system, payer_id) from forecasts
        union all select 'facility and payer', source_system, payer_id,
            * exclude (source_system, payer_id) from forecasts
    )"""

_RESULTS = f"""
    results as (
        select measure, scope, source_system, payer_id, horizon, day,
            cast(sum(forecast) as decimal(18, 2)) as forecast,
            cast(sum(actual) as decimal(18, 2)) as actual
        from scoped where is_ready
        group by measure, scope, source_system, payer_id, horizon, day
    ),
    -- errors of each past month end: of its facilities and payers beside what all were off by
    parts as (
        select measure, horizon, day, source_system, payer_id,
            cast(sum(forecast) as double) as forecast, cast(sum(actual) as double) as actual
        from forecasts where is_ready
        group by measure, horizon, day, source_system, payer_id having sum(actual) is not null
    ),
    past as (
        select measure, horizon, day, any_value(f) as forecast,
            any_value(a) - any_value(f) as error,
            sum((parts.actual - parts.forecast * a / f) ** 2) * count(*) / (count(*) - 1) as own
        from parts inner join (
            select measure, horizon, day, sum(forecast) as f, sum(actual) as a
            from parts group by all having sum(forecast) > 0 and count(*) > 1
        ) using (measure, horizon, day)
        group by measure, horizon, day
    ),
    rates as (
        select measure, horizon, asked.day, count(*) as n, sum(own) / sum(forecast) as own_rate,
            greatest(sum(error ** 2) - sum(own), 0) / sum(forecast ** 2) as common_rate
        from (select distinct day, horizon from results) as asked
        inner join past using (horizon)
        where past.day + horizon <= asked.day
        group by measure, horizon, asked.day
    ),
    normal as (
        select t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t) as z
        from (select sqrt(-2 * ln((100 - {rules.setting("interval_percent")}) / 200.0)) as t)
    ),
    ends as (
        select results.*, case when forecast >= 0 then z * sqrt(
                (round(own_rate, 6) * forecast + round(common_rate, 9) * forecast * forecast)
                * (n + 1) / n
            ) end as width,
            cast(forecast - least(width, forecast) as decimal(18, 2)) as low_end,
            cast(forecast + width as decimal(18, 2)) as high_end
        from results left join rates using (measure, horizon, day) cross join normal
    ),
    bounded as (
        select ends.* exclude (width, low_end, high_end),
            case when any_value(ends.width) is not null then min(other.low_end) filter (
                if(ends.measure = 'cash', other.horizon >= ends.horizon,
                    other.horizon <= ends.horizon)) end as low,
            case when any_value(ends.width) is not null then max(other.high_end) filter (
                if(ends.measure = 'cash', other.horizon <= ends.horizon,
                    other.horizon >= ends.horizon)) end as high
        from ends inner join ends as other on other.day = ends.day
            and other.measure = ends.measure and other.scope = ends.scope
            and other.source_system is not distinct from ends.source_system
            and other.payer_id is not distinct from ends.payer_id
        group by all
    )"""

CHECKS = [
    TruthCheck(
        "cash_forecast",
        "Open dollars are as they truly are, and the forecast follows from what truly came before.",
        "mart_cash_forecast",
        f"""select scope, facilities.source_system, payer_id, horizon_days, horizon_date,
            open_claim_count, outstanding_amount, forecast_amount, low_amount, high_amount,
            balance_forecast_amount, balance_low_amount, balance_high_amount
        from marts.mart_cash_forecast
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {HOSPITALS_ALONE}""",
        f"""with {_FORECASTS}, {_RESULTS},
        today as (
            select scope, source_system, payer_id, horizon, day, sum(claims) as claims,
                sum(open_amount) as open_amount
            from scoped where is_current and measure = 'cash'
            group by scope, source_system, payer_id, horizon, day
        )
        select today.scope, today.source_system, today.payer_id, today.horizon,
            today.day + today.horizon, claims, open_amount,
            cash.forecast, cash.low, cash.high, still.forecast, still.low, still.high
        from today
        left join bounded as cash on cash.scope = today.scope and cash.measure = 'cash'
            and cash.source_system is not distinct from today.source_system
            and cash.payer_id is not distinct from today.payer_id
            and cash.horizon = today.horizon and cash.day = today.day
        left join bounded as still on still.scope = today.scope and still.measure = 'balance'
            and still.source_system is not distinct from today.source_system
            and still.payer_id is not distinct from today.payer_id
            and still.horizon = today.horizon and still.day = today.day
        where {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "forecast_accuracy",
        "Past forecasts stand beside what truly became, within their intervals or not.",
        "mart_forecast_accuracy",
        f"""select measure, report_date, horizon_days, scope, facilities.source_system, payer_id,
            forecast_amount, low_amount, high_amount, actual_amount, is_covered
        from marts.mart_forecast_accuracy
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {HOSPITALS_ALONE}""",
        f"""with {_FORECASTS}, {_RESULTS}
        select measure, day, horizon, scope, source_system, payer_id, forecast, low, high, actual,
            actual between low and high
        from bounded where actual is not null and {HOSPITALS_ALONE}""",
    ),
]
