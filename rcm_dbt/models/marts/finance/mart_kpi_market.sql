-- Each KPI beside its market range: the last twelve mature months of a flow together, and the last
-- mature balance.
with

registry as (

    select * from {{ ref('kpi_registry') }}

),

mature as (

    select
        monthly.kpi,
        monthly.period_month,
        monthly.numerator,
        monthly.denominator,
        registry.additivity like '%of a flow%' or registry.additivity like '%of flows%' as is_flow,
        row_number() over (partition by monthly.kpi order by monthly.period_month desc) as age

    from {{ ref('mart_kpi_monthly') }} as monthly

    inner join registry
        on monthly.kpi = registry.kpi

    where monthly.aggregation_level = 'total' and monthly.is_mature

),

summed as (

    select
        kpi,
        min(period_month) as first_month,
        max(period_month) as last_month,
        sum(numerator) as numerator,
        sum(denominator) as denominator

    from mature

    where age <= case when is_flow then 12 else 1 end

    group by kpi

),

valued as (

    select
        registry.kpi,
        registry.label,
        registry.unit,
        registry.is_headline,
        summed.first_month,
        summed.last_month,
        {{ money('summed.numerator') }} as numerator,
        {{ money('summed.denominator') }} as denominator,
        {{ kpi_figure('registry.denominator is null', 'summed.numerator', 'summed.denominator') }}
            as kpi_value,
        registry.market_low,
        registry.market_high,
        registry.market_source

    from registry

    left join summed
        on registry.kpi = summed.kpi

),

final as (

    select
        kpi,
        label,
        unit,
        is_headline,
        first_month,
        last_month,
        numerator,
        denominator,
        kpi_value,
        market_low,
        market_high,
        market_source,
        case
            when market_low is null then 'no range'
            when kpi_value is null then 'no value'
            when kpi_value < market_low then 'below'
            when kpi_value > market_high then 'above'
            else 'within'
        end as market_standing

    from valued

)

select * from final
