"""What was open at each month end by payer and age, and what became of it within some days."""

from rcm_platform.proof.truth.valuation import month_end

#: Table → its query, made once as those of `valuation`.
TABLES = {
    "cohorts": f"""with
    days as (
        select least(last_day(month), date '{{as_of}}') as day,
            last_day(month) >= date '{{as_of}}' as is_current
        from (select unnest(generate_series(
            (select date_trunc('month', min(recorded_date))
                from '{{truth}}/ledger_entries.parquet'),
            timestamp '{{as_of}}', interval 1 month
        )) as month)
        where datediff('month', month, date '{{as_of}}') <= (
            select setting_value from seeds.work_settings where setting = 'history_months'
        )
    ),
    balances as (
        select day, is_current, source_system, claim_id, sum(ar_amount) as open_amount
        from (
            select source_system, claim_id, {month_end("recorded_date")} as recorded_date,
                sum(ar_amount) as ar_amount
            from '{{truth}}/ledger_entries.parquet' where claim_id is not null group by all
        )
        inner join days on recorded_date <= day
        group by all having sum(ar_amount) > 0
    ),
    became as (
        select day, source_system, claim_id, horizon, sum(cash_amount) as collected,
            sum(ar_amount) as moved
        from balances cross join (select unnest([30, 60, 90]) as horizon)
        inner join '{{truth}}/ledger_entries.parquet' as entries using (source_system, claim_id)
        where recorded_date > day and recorded_date <= day + horizon group by all
    ),
    cohorts as (
        select day, is_current, horizon, source_system, payer_id, measure,
            case when day - service_date <= 30 then 1 when day - service_date <= 60 then 2
                when day - service_date <= 90 then 3 else 4 end as age,
            count(*) as claims, sum(balances.open_amount) as open_amount,
            case when day + horizon <= date '{{as_of}}' then sum(case measure
                when 'cash' then coalesce(collected, 0)
                else balances.open_amount + coalesce(moved, 0) end) end as actual
        from balances cross join (select unnest([30, 60, 90]) as horizon)
        cross join (select unnest(['cash', 'balance']) as measure)
        inner join '{{truth}}/claims.parquet' using (source_system, claim_id)
        left join became using (day, source_system, claim_id, horizon)
        group by day, is_current, horizon, source_system, payer_id, measure, age
    )
    from cohorts"""
}
