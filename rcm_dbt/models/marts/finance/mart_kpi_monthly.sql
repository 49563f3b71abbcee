-- Each KPI of the registry by month, as numerator and denominator: for one facility and payer, for
-- each of them alone, and in total. A ratio is never summed; sum its two parts and divide. An
-- amount has no denominator.
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

{% set sums = {
    'facility': ('facility_key', null_key()),
    'payer': (null_key(), 'payer_key'),
    'total': (null_key(), null_key()),
} -%}
sums as (

    {% for level, keys in sums.items() -%}
        select
            kpi,
            period_month,
            '{{ level }}' as aggregation_level,
            {{ keys[0] }} as facility_key,
            {{ keys[1] }} as payer_key,
            sum(numerator) as numerator,
            sum(denominator) as denominator

        from detail

        group by
            kpi,
            period_month,
            {{ keys[0] }},
            {{ keys[1] }}
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

),

levels as (

    select * from detail
    union all
    select * from sums

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
