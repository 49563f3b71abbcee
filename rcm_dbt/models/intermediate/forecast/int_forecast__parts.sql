-- The forecast of each day on which it is judged, with what then happened, by facility and payer:
-- how much cash comes on what is open, and how much of it is still open then. Open dollars times
-- the share that became of dollars of the same payer and age before. Only cohorts whose days had
-- passed by the day of the forecast teach it, and a forecast needs several: the first months of a
-- history hold young claims alone.
with

cohorts as (

    select
        'cash' as measure,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        facility_key,
        payer_key,
        age_bucket,
        claim_count,
        open_amount,
        collected_amount as actual_amount

    from {{ ref('int_forecast__cohorts') }}

    union all

    select
        'balance' as measure,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        facility_key,
        payer_key,
        age_bucket,
        claim_count,
        open_amount,
        still_open_amount as actual_amount

    from {{ ref('int_forecast__cohorts') }}

),

pooled as (

    select
        measure,
        report_date,
        horizon_days,
        horizon_date,
        payer_key,
        age_bucket,
        sum(open_amount) as open_amount,
        sum(actual_amount) as actual_amount

    from cohorts

    group by
        measure,
        report_date,
        horizon_days,
        horizon_date,
        payer_key,
        age_bucket

),

-- what a cohort teaches on the day on which its days have passed, and each question asked
events as (

    select
        measure,
        horizon_date as event_date,
        horizon_days,
        payer_key,
        age_bucket,
        open_amount,
        actual_amount,
        cast(null as date) as report_date,
        0 as is_question

    from pooled

    where actual_amount is not null

    union all

    select
        measure,
        report_date as event_date,
        horizon_days,
        payer_key,
        age_bucket,
        {{ money(0) }} as open_amount,
        {{ money(0) }} as actual_amount,
        report_date,
        1 as is_question

    from pooled

),

taught as (

    select
        measure,
        report_date,
        horizon_days,
        payer_key,
        age_bucket,
        is_question,
        sum(open_amount) over (
            partition by measure, payer_key, age_bucket, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as cell_open_amount,
        sum(actual_amount) over (
            partition by measure, payer_key, age_bucket, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as cell_actual_amount,
        sum(open_amount) over (
            partition by measure, age_bucket, horizon_days
            order by event_date, is_question, coalesce(payer_key, '')
            rows between unbounded preceding and current row
        ) as age_open_amount,
        sum(actual_amount) over (
            partition by measure, age_bucket, horizon_days
            order by event_date, is_question, coalesce(payer_key, '')
            rows between unbounded preceding and current row
        ) as age_actual_amount

    from events

),

-- a payer that has taught nothing yet pays like the others
shares as (

    select
        measure,
        report_date,
        horizon_days,
        payer_key,
        age_bucket,
        cast(
            case
                when cell_open_amount > 0
                    then {{ quotient('cell_actual_amount', 'cell_open_amount') }}
                when age_open_amount > 0
                    then {{ quotient('age_actual_amount', 'age_open_amount') }}
            end as decimal(9, 6)
        ) as actual_share

    from taught

    where is_question = 1

),

cohort_days as (

    select distinct
        report_date,
        horizon_days,
        horizon_date

    from cohorts

),

ready as (

    select
        questions.report_date,
        questions.horizon_days

    from cohort_days as questions

    inner join cohort_days as lessons
        on questions.horizon_days = lessons.horizon_days
        and questions.report_date >= lessons.horizon_date

    group by
        questions.report_date,
        questions.horizon_days

    having count(*) >= {{ setting('forecast_cohorts') }}

),

final as (

    select
        cohorts.measure,
        cohorts.report_month,
        cohorts.report_date,
        cohorts.horizon_days,
        cohorts.horizon_date,
        cohorts.facility_key,
        cohorts.payer_key,
        cast(sum(cohorts.claim_count) as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('sum(cohorts.open_amount)') }} as open_amount,
        -- not rounded: sums of parts are rounded once
        cast(
            case
                when max(ready.report_date) is not null
                    then sum(cohorts.open_amount * coalesce(shares.actual_share, 0))
            end as decimal(28, 8)
        ) as forecast_amount,
        -- null as long as the days have not passed
        {{ money('sum(cohorts.actual_amount)') }} as actual_amount

    from cohorts

    inner join shares
        on cohorts.measure = shares.measure
        and cohorts.report_date = shares.report_date
        and cohorts.horizon_days = shares.horizon_days
        and coalesce(cohorts.payer_key, '') = coalesce(shares.payer_key, '')
        and cohorts.age_bucket = shares.age_bucket

    left join ready
        on cohorts.report_date = ready.report_date
        and cohorts.horizon_days = ready.horizon_days

    group by
        cohorts.measure,
        cohorts.report_month,
        cohorts.report_date,
        cohorts.horizon_days,
        cohorts.horizon_date,
        cohorts.facility_key,
        cohorts.payer_key

)

select * from final
