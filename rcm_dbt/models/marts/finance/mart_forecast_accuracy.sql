-- The cash forecast as it would have been made at past month ends, beside the cash that came.
with

results as (

    select * from {{ ref('int_forecast__results') }}

    where collected_amount is not null and forecast_amount is not null

),

intervals as (

    select * from {{ ref('int_forecast__intervals') }}

),

bounded as (

    select
        results.report_date,
        results.horizon_days,
        results.scope,
        results.facility_key,
        results.payer_key,
        results.forecast_amount,
        {{ money('results.forecast_amount * intervals.low_ratio') }} as low_amount,
        {{ money('results.forecast_amount * intervals.high_ratio') }} as high_amount,
        results.collected_amount as actual_amount

    from results

    left join intervals
        on results.scope = intervals.scope
        and results.horizon_days = intervals.horizon_days
        and results.report_date = intervals.report_date

),

final as (

    select
        report_date,
        horizon_days,
        scope,
        facility_key,
        payer_key,
        forecast_amount,
        low_amount,
        high_amount,
        actual_amount,
        -- null as long as no error had been seen, and so nothing was promised
        actual_amount between low_amount and high_amount as is_covered

    from bounded

)

select * from final
