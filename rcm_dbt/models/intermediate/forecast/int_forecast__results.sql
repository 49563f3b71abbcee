-- The forecast of each day on which it is judged, with what then happened: of each facility and
-- payer, and their sums by facility, by payer and in total.
with

parts as (

    select * from {{ ref('int_forecast__parts') }}

),

scoped as (

    select
        measure,
        'total' as scope,
        {{ null_key() }} as facility_key,
        {{ null_key() }} as payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        forecast_amount,
        actual_amount

    from parts

    union all

    select
        measure,
        'facility' as scope,
        facility_key,
        {{ null_key() }} as payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        forecast_amount,
        actual_amount

    from parts

    union all

    select
        measure,
        'payer' as scope,
        {{ null_key() }} as facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        forecast_amount,
        actual_amount

    from parts

    union all

    select
        measure,
        'facility and payer' as scope,
        facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        forecast_amount,
        actual_amount

    from parts

),

final as (

    select
        measure,
        scope,
        facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date,
        cast(sum(claim_count) as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('sum(open_amount)') }} as open_amount,
        {{ money('sum(forecast_amount)') }} as forecast_amount,
        {{ money('sum(actual_amount)') }} as actual_amount

    from scoped

    group by
        measure,
        scope,
        facility_key,
        payer_key,
        report_month,
        report_date,
        horizon_days,
        horizon_date

)

select * from final
