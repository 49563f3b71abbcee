"""What was open, what of it was then collected, and what that leads to expect."""

from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck

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
        select 'facility' as scope, source_system, null as payer_id,
            * exclude (source_system, payer_id) from forecasts
        union all select 'payer', null, payer_id,
            * exclude (source_system, payer_id) from forecasts
    )"""

#: Of the hospitals, and of payers on the group's list: other sources have no truth.
_OURS = f"""(facilities.source_system in {HOSPITALS} or payers.source_system = 'operations')"""

CHECKS = [
    TruthCheck(
        "cash_forecast",
        "Open dollars are as they truly are, and the forecast follows from what truly came before.",
        "mart_cash_forecast",
        f"""select scope, facilities.source_system, payer_id, horizon_days, horizon_date,
            open_claim_count, outstanding_amount, forecast_amount
        from marts.mart_cash_forecast
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {_OURS}""",
        f"""with {_COHORTS}
        select scope, source_system, payer_id, horizon, day + horizon, sum(claims),
            sum(open_amount), case when bool_or(is_ready)
                then cast(sum(forecast) as decimal(18, 2)) end
        from scoped where is_current group by scope, source_system, payer_id, horizon, day""",
    ),
    TruthCheck(
        "forecast_accuracy",
        "Past forecasts stand beside the cash that truly came.",
        "mart_forecast_accuracy",
        f"""select report_date, horizon_days, scope, facilities.source_system, payer_id,
            forecast_amount, actual_amount
        from marts.mart_forecast_accuracy
        left join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where {_OURS}""",
        f"""with {_COHORTS}
        select day, horizon, scope, source_system, payer_id,
            cast(sum(forecast) as decimal(18, 2)), cast(sum(collected) as decimal(18, 2))
        from scoped where is_ready and collected is not null
        group by scope, source_system, payer_id, horizon, day""",
    ),
]
