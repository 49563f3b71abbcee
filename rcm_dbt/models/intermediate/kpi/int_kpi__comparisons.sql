-- Each month of a KPI beside the month before it, as that is now and as it was at the same age. A
-- young month stands here only where the earlier one can be seen at its age.
with

totals as (

    select
        parts.kpi,
        parts.period_month,
        registry.denominator is null as is_amount,
        -- numerator and denominator are records of their own, so that each can move the ratio
        registry.grain in ('claim over month', 'facility and payer month', 'facility month')
            as is_of_two_sides,
        -- a share that should be high is told by what it lacks
        case when registry.unit = 'ratio' and registry.direction = 'up' then 1 else 0 end
            as lacking_flag,
        parts.period_month <= maturity.last_mature_month as is_mature,
        parts.is_dated,
        sum(parts.numerator) as numerator,
        sum(coalesce(parts.denominator, parts.counted)) as weight,
        sum(parts.early_numerator) as early_numerator,
        sum(coalesce(parts.early_denominator, parts.early_counted)) as early_weight

    from {{ ref('int_kpi__parts') }} as parts

    inner join {{ ref('kpi_registry') }} as registry
        on parts.kpi = registry.kpi

    inner join {{ ref('int_kpi__maturity') }} as maturity
        on parts.kpi = maturity.kpi

    where parts.dimension = 'place'

    group by
        parts.kpi,
        parts.period_month,
        registry.denominator,
        registry.grain,
        registry.unit,
        registry.direction,
        maturity.last_mature_month,
        parts.is_dated

),

final as (

    select
        {{ surrogate_key(['later.kpi', 'later.period_month']) }} as kpi_change_key,
        later.kpi,
        later.period_month,
        earlier.period_month as previous_month,
        later.is_amount,
        later.is_of_two_sides,
        later.lacking_flag,
        later.is_mature,
        later.numerator,
        later.weight,
        earlier.early_numerator,
        earlier.early_weight,
        {{ kpi_figure('later.is_amount', 'later.numerator', 'later.weight') }} as kpi_value,
        {{ kpi_figure('later.is_amount', 'earlier.numerator', 'earlier.weight') }}
            as previous_value,
        {{ kpi_figure('later.is_amount', 'earlier.early_numerator', 'earlier.early_weight') }}
            as early_value

    from totals as later

    inner join totals as earlier
        on later.kpi = earlier.kpi
        and later.period_month = {{ dbt.dateadd('month', 1, 'earlier.period_month') }}

    where
        later.weight > 0
        and earlier.weight > 0
        and earlier.early_weight > 0
        and (later.is_mature or later.is_dated)

)

select * from final
