-- Each forecast with the interval that past errors give. Cash of more days is never less certain to
-- reach a dollar, and more days leave never more open: where errors of more days lie wider, the
-- shorter interval is widened to fit. Few errors are trusted less: of n, by (n + 1) / n. A forecast
-- that more is taken back than paid has none.
with

results as (

    select * from {{ ref('int_forecast__results') }}

),

intervals as (

    select * from {{ ref('int_forecast__intervals') }}

),

widths as (

    select
        results.*,
        case
            when results.forecast_amount >= 0
                then
                    {{ normal_width(setting('interval_percent')) }} * sqrt(
                        (
                            cast(intervals.own_rate as {{ dbt.type_float() }})
                            * results.forecast_amount
                            + cast(intervals.common_rate as {{ dbt.type_float() }})
                            * results.forecast_amount * results.forecast_amount
                        ) * (intervals.error_count + 1) / intervals.error_count
                    )
        end as width_amount

    from results

    left join intervals
        on results.measure = intervals.measure
        and results.horizon_days = intervals.horizon_days
        and results.report_date = intervals.report_date

),

ends as (

    select
        *,
        {{ money('forecast_amount - least(width_amount, forecast_amount)') }} as low_end,
        {{ money('forecast_amount + width_amount') }} as high_end

    from widths

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
        claim_count,
        open_amount,
        forecast_amount,
        actual_amount,
        case
            when width_amount is not null
                then
                    min(low_end) over (
                        partition by measure, scope, facility_key, payer_key, report_date
                        order by case when measure = 'cash' then -horizon_days else horizon_days end
                        rows between unbounded preceding and current row
                    )
        end as low_amount,
        case
            when width_amount is not null
                then
                    max(high_end) over (
                        partition by measure, scope, facility_key, payer_key, report_date
                        order by case when measure = 'cash' then horizon_days else -horizon_days end
                        rows between unbounded preceding and current row
                    )
        end as high_amount

    from ends

)

select * from final
