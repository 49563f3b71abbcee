-- What moved each KPI from one month to the next, at equal age: what each facility and payer did,
-- and what each cause did. Each of the two adds up to the change less its timing.
{%- set other_weight -%}
    {{ quotient('weight', 'total_weight') }} - {{ quotient('early_weight', 'total_early_weight') }}
{%- endset %}
with

comparisons as (

    select * from {{ ref('int_kpi__comparisons') }}

),

parts as (

    select * from {{ ref('int_kpi__parts') }}

),

-- a part that is missing in one of the months has no weight there
moved as (

    select
        comparisons.kpi_change_key,
        parts.dimension,
        parts.facility_key,
        parts.payer_key,
        parts.cause,
        parts.numerator,
        coalesce(parts.denominator, parts.counted) as weight,
        0 as early_numerator,
        0 as early_weight

    from comparisons

    inner join parts
        on comparisons.kpi = parts.kpi
        and comparisons.period_month = parts.period_month

    union all

    select
        comparisons.kpi_change_key,
        parts.dimension,
        parts.facility_key,
        parts.payer_key,
        parts.cause,
        0 as numerator,
        0 as weight,
        parts.early_numerator,
        coalesce(parts.early_denominator, parts.early_counted) as early_weight

    from comparisons

    inner join parts
        on comparisons.kpi = parts.kpi
        and comparisons.previous_month = parts.period_month

),

slots as (

    select
        kpi_change_key,
        dimension,
        facility_key,
        payer_key,
        cause,
        sum(numerator) as numerator,
        sum(weight) as weight,
        sum(early_numerator) as early_numerator,
        sum(early_weight) as early_weight

    from moved

    group by
        kpi_change_key,
        dimension,
        facility_key,
        payer_key,
        cause

),

rated as (

    select
        comparisons.kpi_change_key,
        comparisons.kpi,
        comparisons.period_month,
        slots.dimension,
        slots.facility_key,
        slots.payer_key,
        slots.cause,
        comparisons.is_amount,
        comparisons.is_of_two_sides,
        comparisons.lacking_flag,
        comparisons.kpi_value - comparisons.early_value as whole_effect,
        case when comparisons.is_amount then comparisons.weight else 1 end as scale,
        comparisons.weight as total_weight,
        comparisons.early_weight as total_early_weight,
        slots.numerator,
        slots.weight,
        slots.early_numerator,
        slots.early_weight,
        {{ quotient('comparisons.early_numerator', 'comparisons.early_weight') }}
            as total_early_rate,
        coalesce(
            {{ quotient('slots.early_numerator', 'nullif(slots.early_weight, 0)') }},
            {{ quotient('comparisons.early_numerator', 'comparisons.early_weight') }}
        ) as early_rate

    from slots

    inner join comparisons
        on slots.kpi_change_key = comparisons.kpi_change_key

),

-- to a fixed place each, so that their sum does not depend on the order
effects as (

    select
        *,
        {{ surrogate_key(['facility_key', 'payer_key', 'cause']) }} as part_key,
        case
            when dimension = 'place'
                then cast(
                        scale * ({{ other_weight }})
                        * (early_rate - total_early_rate) as decimal(28, 10)
                    )
        end as mix_effect,
        case
            when is_amount then cast(numerator - early_numerator as decimal(28, 10))
            -- what a part adds to the ratio, by its other weight and by its other rate
            when dimension = 'place'
                then cast(
                        ({{ other_weight }})
                        * (early_rate - total_early_rate)
                        + {{ quotient('numerator', 'total_weight') }}
                        - {{ quotient('weight', 'total_weight') }} * early_rate
                        -- what a part adds without a weight of its own (cash without work) is rate
                        - case
                            when early_weight = 0
                                then {{ quotient('early_numerator', 'total_early_weight') }}
                            else 0
                        end
                        as decimal(28, 10)
                    )
            when is_of_two_sides
                then cast(
                        {{ quotient(
                            'numerator - early_numerator - total_early_rate * (weight - early_weight)',
                            'total_weight'
                        ) }} as decimal(28, 10)
                    )
            else
                cast(
                    {{ quotient('numerator - lacking_flag * weight', 'total_weight') }}
                    - {{ quotient(
                        'early_numerator - lacking_flag * early_weight', 'total_early_weight'
                    ) }}
                    as decimal(28, 10)
                )
        end as exact_effect

    from rated

),

-- the largest takes what rounding leaves
ordered as (

    select
        *,
        sum(exact_effect) over (
            partition by kpi_change_key, dimension
            order by abs(exact_effect), part_key
            rows between unbounded preceding and current row
        ) as running_effect,
        row_number() over (
            partition by kpi_change_key, dimension
            order by abs(exact_effect) desc, part_key desc
        ) as size_rank

    from effects

),

stepped as (

    select
        *,
        case
            when size_rank = 1 then whole_effect
            else cast(round(running_effect, 6) as decimal(18, 6))
        end as running_rounded

    from ordered

),

rounded as (

    select
        *,
        cast(
            running_rounded - coalesce(
                lag(running_rounded) over (
                    partition by kpi_change_key, dimension
                    order by size_rank desc
                ),
                0
            ) as decimal(18, 6)
        ) as effect

    from stepped

),

ranked as (

    select
        *,
        case
            when effect = 0 then null
            when whole_effect < 0 and effect < 0 then true
            when whole_effect >= 0 and effect > 0 then true
            else false
        end as is_with_change

    from rounded

),

final as (

    select
        {{ surrogate_key(['kpi_change_key', 'dimension', 'part_key']) }} as kpi_driver_key,
        kpi_change_key,
        kpi,
        period_month,
        dimension,
        facility_key,
        payer_key,
        cause,
        effect,
        cast(round(mix_effect, 6) as decimal(18, 6)) as mix_effect,
        is_with_change,
        cast(
            row_number() over (
                partition by kpi_change_key, dimension, is_with_change
                order by abs(effect) desc, part_key
            ) as {{ dbt.type_bigint() }}
        ) as driver_rank

    from ranked

    where effect <> 0 or mix_effect <> 0

)

select * from final
