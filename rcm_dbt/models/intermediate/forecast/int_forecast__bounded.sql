-- Each forecast with the interval that the errors of past ones give. Errors are ratios to dollars
-- that were expected to come: a forecast that more is taken back than paid has none.
with

results as (

    select * from {{ ref('int_forecast__results') }}

),

intervals as (

    select * from {{ ref('int_forecast__intervals') }}

),

final as (

    select
        results.*,
        case
            when results.forecast_amount >= 0
                then {{ money('results.forecast_amount * intervals.low_ratio') }}
        end as low_amount,
        case
            when results.forecast_amount >= 0
                then {{ money('results.forecast_amount * intervals.high_ratio') }}
        end as high_amount

    from results

    left join intervals
        on results.scope = intervals.scope
        and results.horizon_days = intervals.horizon_days
        and results.report_date = intervals.report_date

)

select * from final
