"""What was open, what of it was then collected, and what that leads to expect."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS_ALONE, TruthCheck

_COHORTS = """
    days as (
        select least(last_day(month), date '{as_of}') as day,
            last_day(month) >= date '{as_of}' as is_current
        from (select unnest(generate_series(
            (select date_trunc('month', min(recorded_date))
                from '{truth}/ledger_entries.parquet'),
            timestamp '{as_of}', interval 1 month
        )) as month)
        where datediff('month', month, date '{as_of}') <= (
            select setting_value from seeds.work_settings where setting = 'history_months'
        )
    ),
    balances as (
        select day, is_current, source_system, claim_id, sum(ar_amount) as open_amount
        from '{truth}/ledger_entries.parquet' inner join days on recorded_date <= day
        where claim_id is not null group by all having sum(ar_amount) > 0
    ),
    collected as (
        select day, source_system, claim_id, horizon, sum(cash_amount) as collected
        from balances cross join (select unnest([30, 60, 90]) as horizon)
        inner join '{truth}/ledger_entries.parquet' as entries using (source_system, claim_id)
        where recorded_date > day and recorded_date <= day + horizon group by all
    ),
    cohorts as (
        select day, is_current, horizon, source_system, payer_id,
            case when day - service_date <= 30 then 1 when day - service_date <= 60 then 2
                when day - service_date <= 90 then 3 else 4 end as age,
            count(*) as claims, sum(balances.open_amount) as open_amount,
            case when day + horizon <= date '{as_of}' then sum(coalesce(collected, 0)) end
                as collected
        from balances cross join (select unnest([30, 60, 90]) as horizon)
        inner join '{truth}/claims.parquet' using (source_system, claim_id)
        left join collected using (day, source_system, claim_id, horizon)
        group by day, is_current, horizon, source_system, payer_id, age
    ),
    lessons as (
        select asked.day, horizon, taught.payer_id, taught.age,
            sum(taught.open_amount) as open_amount, sum(taught.collected) as collected
        from (select distinct day, horizon from cohorts) as asked
        inner join cohorts as taught using (horizon)
        where taught.day + horizon <= asked.day group by all
    ),
    by_age as (
        select day, horizon, age, sum(collected) / sum(open_amount) as share
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
            coalesce(lessons.collected / lessons.open_amount, by_age.share, 0) as decimal(9, 6)
        ) as forecast
        from cohorts
        left join ready on ready.day = cohorts.day and ready.horizon = cohorts.horizon
        left join lessons on lessons.day = cohorts.day and lessons.horizon = cohorts.horizon
            and lessons.payer_id is not distinct from cohorts.payer_id
            and lessons.age = cohorts.age
        left join by_age on by_age.day = cohorts.day and by_age.horizon = cohorts.horizon
            and by_age.age = cohorts.age
    ),
    scoped as (
        select 'total' as scope, null as source_system, null as payer_id,
            * exclude (source_system, payer_id) from forecasts
        union all select 'facility', source_system, null,
            * exclude (source_system, payer_id) from forecasts
        union all select 'payer', null, payer_id,
            * exclude (source_system, payer_id) from forecasts
    )"""

_RESULTS = f"""
    results as (
        select scope, source_system, payer_id, horizon, day,
            cast(sum(forecast) as decimal(18, 2)) as forecast,
            cast(sum(collected) as decimal(18, 2)) as collected
        from scoped where is_ready
        group by scope, source_system, payer_id, horizon, day
    ),
    errors as (
        select asked.day, horizon, scope,
            cast(collected / forecast as decimal(18, 6)) as error
        from (select distinct day, horizon from results) as asked
        inner join results as past using (horizon)
        where past.day + horizon <= asked.day and collected is not null and forecast > 0
    ),
    listed as (
        select day, horizon, scope, list_sort(list(error)) as errors from errors group by all
        union all
        select day, horizon, 'all', list_sort(list(error)) from errors group by all
    ),
    bounds as (
        select day, horizon, scope,
            errors[cast(floor(tail * (len(errors) + 1)) as integer)] as low,
            errors[cast(ceil((1 - tail) * (len(errors) + 1)) as integer)] as high
        from listed
        cross join (select (100 - {rules.setting("interval_percent")}) / 200.0 as tail)
        where floor(tail * (len(errors) + 1)) >= 1
    ),
    bounded as (
        select results.*,
            cast(forecast * coalesce(own.low, pooled.low) as decimal(18, 2)) as low,
            cast(forecast * coalesce(own.high, pooled.high) as decimal(18, 2)) as high
        from results
        left join bounds as own on own.day = results.day and own.horizon = results.horizon
            and own.scope = results.scope
        left join bounds as pooled on pooled.day = results.day
            and pooled.horizon = results.horizon and pooled.scope = 'all'
    )"""

CHECKS = [
    TruthCheck(
        "cash_forecast",
        "Open dollars are as they truly are, and the forecast follows from what truly came before.",
        "mart_cash_forecast",
        f"""select scope, facilities.source_system, payer_id, horizon_days, horizon_date,
            open_claim_count, outstanding_amount, forecast_amount, low_amount, high_amount
        from marts.mart_cash_forecast
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {HOSPITALS_ALONE}""",
        f"""with {_COHORTS}, {_RESULTS},
        today as (
            select scope, source_system, payer_id, horizon, day, sum(claims) as claims,
                sum(open_amount) as open_amount
            from scoped where is_current
            group by scope, source_system, payer_id, horizon, day
        )
        select today.scope, today.source_system, today.payer_id, today.horizon,
            today.day + today.horizon, claims, open_amount, forecast, low, high
        from today left join bounded on bounded.scope = today.scope
            and bounded.source_system is not distinct from today.source_system
            and bounded.payer_id is not distinct from today.payer_id
            and bounded.horizon = today.horizon and bounded.day = today.day
        where {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "forecast_accuracy",
        "Past forecasts stand beside the cash that truly came, within their intervals or not.",
        "mart_forecast_accuracy",
        f"""select report_date, horizon_days, scope, facilities.source_system, payer_id,
            forecast_amount, low_amount, high_amount, actual_amount, is_covered
        from marts.mart_forecast_accuracy
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {HOSPITALS_ALONE}""",
        f"""with {_COHORTS}, {_RESULTS}
        select day, horizon, scope, source_system, payer_id, forecast, low, high, collected,
            collected between low and high
        from bounded where collected is not null and {HOSPITALS_ALONE}""",
    ),
]
