-- The days on which the queue and the forecast are judged: today (the as-of date) and the ends of
-- the months before it, so that what is said today is tested by the same rule on the past.
with

months as (

    select distinct
        month_start_date,
        cast({{ dbt.last_day('month_start_date', 'month') }} as date) as month_end_date

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

final as (

    select
        month_start_date as report_month,
        case
            when month_end_date > {{ as_of_date() }} then {{ as_of_date() }}
            else month_end_date
        end as report_date,
        month_end_date >= {{ as_of_date() }} as is_current

    from months

    where
        {{ dbt.datediff('month_start_date', as_of_date(), 'month') }}  -- noqa: LT05
        <= {{ setting('history_months') }}

)

select * from final
