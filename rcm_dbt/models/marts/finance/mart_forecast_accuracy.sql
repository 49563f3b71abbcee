-- The cash forecast as it would have been made at past month ends, beside the cash that came.
with

results as (

    select * from {{ ref('int_forecast__bounded') }}

    where collected_amount is not null and forecast_amount is not null

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
        collected_amount as actual_amount,
        -- null as long as no error had been seen, and so nothing was promised
        collected_amount between low_amount and high_amount as is_covered

    from results

)

select * from final
