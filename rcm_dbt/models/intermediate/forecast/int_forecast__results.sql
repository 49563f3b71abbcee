-- The forecast of each day on which it is judged, with what then happened: open dollars times the
-- share that was collected of dollars of the same payer and age before. Only cohorts whose days had
-- passed by the day of the forecast teach it, and a forecast needs several: the first months of a
-- history hold young claims alone.
with

cohorts as (

    select * from {{ ref('int_forecast__cohorts') }}

),

pooled as (

    select
        report_date,
        horizon_days,
        horizon_date,
        payer_key,
        age_bucket,
        sum(open_amount) as open_amount,
        sum(collected_amount) as collected_amount

    from cohorts

    group by
        report_date,
        horizon_days,
        horizon_date,
        payer_key,
        age_bucket

),

-- what a cohort teaches on the day on which its days have passed, and each question asked
events as (

    select
        horizon_date as event_date,
        horizon_days,
        payer_key,
        age_bucket,
        open_amount,
        collected_amount,
        cast(null as date) as report_date,
        0 as is_question

    from pooled

    where collected_amount is not null

    union all

    select
        report_date as event_date,
        horizon_days,
        payer_key,
        age_bucket,
        {{ money(0) }} as open_amount,
        {{ money(0) }} as collected_amount,
        report_date,
        1 as is_question

    from pooled

),

taught as (

    select
        report_date,
        horizon_days,
        payer_key,
        age_bucket,
        is_question,
        sum(open_amount) over (
            partition by payer_key, age_bucket, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as cell_open_amount,
        sum(collected_amount) over (
            partition by payer_key, age_bucket, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as cell_collected_amount,
        sum(open_amount) over (
            partition by age_bucket, horizon_days
            order by event_date, is_question, coalesce(payer_key, '')
            rows between unbounded preceding and current row
        ) as age_open_amount,
        sum(collected_amount) over (
            partition by age_bucket, horizon_days
            order by event_date, is_question, coalesce(payer_key, '')
            rows between unbounded preceding and current row
        ) as age_collected_amount

    from events

),

-- a payer that has taught nothing yet pays like the others
shares as (

    select
        report_date,
        horizon_days,
        payer_key,
        age_bucket,
        cast(
            case
                when cell_open_amount > 0 then cell_collected_amount / cell_open_amount
                when age_open_amount > 0 then age_collected_amount / age_open_amount
            end as decimal(9, 6)
        ) as collected_share

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

forecasts as (

    select
        cohorts.report_month,
        cohorts.report_date,
        cohorts.horizon_days,
        cohorts.horizon_date,
        cohorts.facility_key,
        cohorts.payer_key,
        cohorts.claim_count,
        cohorts.open_amount,
        cohorts.collected_amount,
        case when ready.report_date is not null then 1 else 0 end as is_forecast,
        cohorts.open_amount * coalesce(shares.collected_share, 0) as forecast_amount

    from cohorts

    inner join shares
        on cohorts.report_date = shares.report_date
        and cohorts.horizon_days = shares.horizon_days
        and coalesce(cohorts.payer_key, '') = coalesce(shares.payer_key, '')
        and cohorts.age_bucket = shares.age_bucket

    left join ready
        on cohorts.report_date = ready.report_date
        and cohorts.horizon_days = ready.horizon_days

),

scoped as (

    select
        'total' as scope,
        {{ null_key() }} as facility_key,
        {{ null_key() }} as payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        collected_amount,
        is_forecast,
        forecast_amount

    from forecasts

    union all

    select
        'facility' as scope,
        facility_key,
        {{ null_key() }} as payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        collected_amount,
        is_forecast,
        forecast_amount

    from forecasts

    union all

    select
        'payer' as scope,
        {{ null_key() }} as facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        collected_amount,
        is_forecast,
        forecast_amount

    from forecasts

),

final as (

    select
        scope,
        facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        cast(sum(claim_count) as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('sum(open_amount)') }} as open_amount,
        case when max(is_forecast) = 1 then {{ money('sum(forecast_amount)') }} end
            as forecast_amount,
        -- null as long as the days have not passed
        {{ money('sum(collected_amount)') }} as collected_amount

    from scoped

    group by
        scope,
        facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date

)

select * from final
