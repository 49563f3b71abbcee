-- Each KPI of the registry by month, as numerator and denominator: for one facility and payer, and
-- in total. A ratio is never summed; sum its two parts and divide. An amount has no denominator.
with

detail as (

    select
        kpi,
        period_month,
        'facility and payer' as aggregation_level,
        facility_key,
        payer_key,
        sum(numerator) as numerator,
        sum(denominator) as denominator

    from {{ ref('int_kpi__contributions') }}

    group by
        kpi,
        period_month,
        facility_key,
        payer_key

),

totals as (

    select
        kpi,
        period_month,
        'total' as aggregation_level,
        {{ null_key() }} as facility_key,
        {{ null_key() }} as payer_key,
        sum(numerator) as numerator,
        sum(denominator) as denominator

    from detail

    group by
        kpi,
        period_month

),

levels as (

    select * from detail
    union all
    select * from totals

),

final as (

    select
        {{ surrogate_key([
            'kpi', 'period_month', 'aggregation_level',
            "coalesce(facility_key, 'none')", "coalesce(payer_key, 'none')",
        ]) }} as kpi_value_key,
        kpi,
        period_month,
        aggregation_level,
        facility_key,
        payer_key,
        cast(numerator as decimal(18, 2)) as numerator,
        cast(denominator as decimal(18, 2)) as denominator,
        {{ kpi_figure('denominator is null', 'numerator', 'denominator') }} as kpi_value

    from levels

)

select * from final
