-- The forecasts of cash and of what is still open, as they would have been made at past month ends,
-- beside what became.
with

results as (

    select * from {{ ref('int_forecast__bounded') }}

    where actual_amount is not null and forecast_amount is not null

),

final as (

    select
        measure,
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

    from results

)

select * from final
