-- How far off forecasts had been by each day, in two parts: what each facility and payer went its
-- own way, which grows with the dollars (own_rate: its variance for each dollar forecast), and what
-- all had in common, which grows with their square (common_rate). So the error of any sum follows
-- from its parts, and is never more than theirs together. Only forecasts whose days had passed
-- count.
with

parts as (

    select * from {{ ref('int_forecast__parts') }}

    where forecast_amount is not null

),

sums as (

    select
        measure,
        horizon_days,
        report_date,
        horizon_date,
        sum(forecast_amount) as forecast_amount,
        sum(actual_amount) as actual_amount,
        count(*) as part_count

    from parts

    where actual_amount is not null

    group by
        measure,
        horizon_days,
        report_date,
        horizon_date

    having sum(forecast_amount) > 0 and count(*) > 1

),

-- each part against what it would have been, had all parts been off alike
errors as (

    select
        sums.measure,
        sums.horizon_days,
        sums.horizon_date,
        min(cast(sums.forecast_amount as {{ dbt.type_float() }})) as forecast_amount,
        min(cast(sums.actual_amount - sums.forecast_amount as {{ dbt.type_float() }}))
            as error_amount,
        cast(
            sum(
                power(
                    cast(parts.actual_amount as {{ dbt.type_float() }})
                    - cast(parts.forecast_amount as {{ dbt.type_float() }})
                    * {{ quotient('sums.actual_amount', 'sums.forecast_amount') }},
                    2
                )
            ) * min(sums.part_count) / (min(sums.part_count) - 1) as decimal(38, 8)
        ) as own_squares

    from sums

    inner join parts
        on sums.measure = parts.measure
        and sums.horizon_days = parts.horizon_days
        and sums.report_date = parts.report_date

    group by
        sums.measure,
        sums.horizon_days,
        sums.report_date,
        sums.horizon_date

),

-- what a forecast teaches on the day on which its days have passed, and each question asked
events as (

    select
        measure,
        horizon_days,
        horizon_date as event_date,
        cast(null as date) as report_date,
        0 as is_question,
        1 as error_count,
        cast(forecast_amount as decimal(38, 8)) as forecast_amount,
        cast(power(forecast_amount, 2) as decimal(38, 8)) as forecast_squares,
        cast(power(error_amount, 2) as decimal(38, 8)) as error_squares,
        own_squares

    from errors

    union all

    select distinct
        measure,
        horizon_days,
        report_date as event_date,
        report_date,
        1 as is_question,
        0 as error_count,
        cast(0 as decimal(38, 8)) as forecast_amount,
        cast(0 as decimal(38, 8)) as forecast_squares,
        cast(0 as decimal(38, 8)) as error_squares,
        cast(0 as decimal(38, 8)) as own_squares

    from parts

),

known as (

    select
        measure,
        horizon_days,
        report_date,
        is_question,
        sum(error_count) over (
            partition by measure, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as error_count,
        sum(forecast_amount) over (
            partition by measure, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as forecast_amount,
        sum(forecast_squares) over (
            partition by measure, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as forecast_squares,
        sum(error_squares) over (
            partition by measure, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as error_squares,
        sum(own_squares) over (
            partition by measure, horizon_days
            order by event_date, is_question
            rows between unbounded preceding and current row
        ) as own_squares

    from events

),

rates as (

    select
        measure,
        horizon_days,
        report_date,
        error_count,
        forecast_amount,
        forecast_squares,
        error_squares,
        {{ quotient('own_squares', 'forecast_amount') }} as own_rate

    from known

    where is_question = 1 and error_count > 0

),

final as (

    select
        measure,
        horizon_days,
        report_date,
        cast(error_count as {{ dbt.type_bigint() }}) as error_count,
        cast(own_rate as decimal(28, 6)) as own_rate,
        cast(
            {{ quotient(
                'greatest(error_squares - own_rate * forecast_amount, 0)', 'forecast_squares'
            ) }}
            as decimal(38, 9)
        ) as common_rate

    from rates

)

select * from final
