-- Each KPI of the registry by month, as numerator and denominator: for one facility and payer, for
-- each of them alone, and in total. A ratio is never summed; sum its two parts and divide. An
-- amount has no denominator. Where a KPI means nothing for a payer alone, its parts have no value.
with

arrangements as (

    select * from {{ ref('int_payer__arrangements') }}

),

registry as (

    select
        registry.kpi,
        registry.not_for,
        maturity.last_mature_month

    from {{ ref('kpi_registry') }} as registry

    inner join {{ ref('int_kpi__maturity') }} as maturity
        on registry.kpi = maturity.kpi

),

detail as (

    select
        kpi,
        period_month,
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

-- what such a payer adds stays in the totals
judged as (

    select
        detail.*,
        detail.period_month <= registry.last_mature_month as is_mature,
        case
            when registry.not_for like '%' || arrangements.arrangement || '%'
                then arrangements.arrangement
        end as not_for

    from detail

    inner join registry
        on detail.kpi = registry.kpi

    left join arrangements
        on detail.facility_key = arrangements.facility_key
        and detail.payer_key = arrangements.payer_key

),

{% set levels = {
    'facility and payer': ('facility_key', 'payer_key'),
    'facility': ('facility_key', null_key()),
    'payer': (null_key(), 'payer_key'),
    'total': (null_key(), null_key()),
} -%}
levels as (

    {% for level, keys in levels.items() -%}
        select
            kpi,
            period_month,
            '{{ level }}' as aggregation_level,
            {{ keys[0] }} as facility_key,
            {{ keys[1] }} as payer_key,
            is_mature,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            {{ 'case when count(not_for) = count(*) then max(not_for) end'
               if 'payer' in level else null_key() }} as not_for

        from judged

        group by
            kpi,
            period_month,
            is_mature,
            {{ keys[0] }},
            {{ keys[1] }}
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

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
        case
            when not_for is null
                then {{ kpi_figure('denominator is null', 'numerator', 'denominator') }}
        end as kpi_value,
        is_mature,
        not_for

    from levels

)

select * from final
