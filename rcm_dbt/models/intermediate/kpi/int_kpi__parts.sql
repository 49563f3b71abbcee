-- The parts of which each KPI of a month is made, once by facility and payer and, where it is told
-- by causes, once by cause: as they are now, and as they were known when the month was as old as
-- the month after it is now. Months are compared at equal age.
with

-- first to a row for each place and cause: there are many rows, and few of these
summed as (

    select
        kpi,
        period_month,
        facility_key,
        payer_key,
        cause,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(
            case
                when known_date <= {{ dbt.dateadd('month', -1, as_of_date()) }} then numerator
                else 0 * numerator
            end
        ) as early_numerator,
        sum(
            case
                when known_date <= {{ dbt.dateadd('month', -1, as_of_date()) }} then denominator
                else 0 * denominator
            end
        ) as early_denominator,
        min(case when known_date is null then 0 else 1 end) as dated_flag,
        max(case when cause is null then 0 else 1 end) as told_flag

    from {{ ref('int_kpi__contributions') }}

    group by
        kpi,
        period_month,
        facility_key,
        payer_key,
        cause

),

-- where a part is known by its month only, nothing can be said of an earlier age
kpis as (

    select
        kpi,
        min(dated_flag) = 1 as is_dated,
        max(told_flag) = 1 as is_told

    from summed

    group by kpi

),

sums as (

    select
        summed.kpi,
        summed.period_month,
        kpis.is_dated,
        summed.facility_key,
        summed.payer_key,
        case when kpis.is_told then coalesce(summed.cause, 'rest') end as cause,
        summed.numerator,
        summed.denominator,
        case when kpis.is_dated then summed.early_numerator else summed.numerator end
            as early_numerator,
        case when kpis.is_dated then summed.early_denominator else summed.denominator end
            as early_denominator

    from summed

    inner join kpis
        on summed.kpi = kpis.kpi

),

-- the weight of a KPI that is divided by nothing: how many records it is made of
records as (

    select
        contributions.kpi,
        contributions.period_month,
        contributions.facility_key,
        contributions.payer_key,
        case when kpis.is_told then coalesce(contributions.cause, 'rest') end as cause,
        coalesce(contributions.claim_key, contributions.record_key, 'none') as record_key,
        case
            when
                not kpis.is_dated
                or contributions.known_date
                <= {{ dbt.dateadd('month', -1, as_of_date()) }}
                then coalesce(contributions.claim_key, contributions.record_key, 'none')
        end as early_record_key

    from {{ ref('int_kpi__contributions') }} as contributions

    inner join kpis
        on contributions.kpi = kpis.kpi

    where contributions.denominator is null

),

{% set dimensions = {
    'place': ('facility_key', 'payer_key', null_key()),
    'cause': (null_key(), null_key(), 'cause'),
} -%}
parts as (

    {% for dimension, keys in dimensions.items() -%}
        select
            {{ surrogate_key([
                'kpi', 'period_month', "'" ~ dimension ~ "'", keys[0], keys[1], keys[2],
            ]) }} as part_key,
            kpi,
            period_month,
            '{{ dimension }}' as dimension,
            {{ keys[0] }} as facility_key,
            {{ keys[1] }} as payer_key,
            {{ keys[2] }} as cause,
            is_dated,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            sum(early_numerator) as early_numerator,
            sum(early_denominator) as early_denominator

        from sums
        {% if dimension == 'cause' %}
            where cause is not null
        {% endif %}
        group by
            kpi,
            period_month,
            is_dated,
            {{ keys[0] }},
            {{ keys[1] }},
            {{ keys[2] }}
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

),

counts as (

    {% for dimension, keys in dimensions.items() -%}
        select
            {{ surrogate_key([
                'kpi', 'period_month', "'" ~ dimension ~ "'", keys[0], keys[1], keys[2],
            ]) }} as part_key,
            count(distinct record_key) as counted,
            count(distinct early_record_key) as early_counted

        from records
        {% if dimension == 'cause' %}
            where cause is not null
        {% endif %}
        group by
            kpi,
            period_month,
            {{ keys[0] }},
            {{ keys[1] }},
            {{ keys[2] }}
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

),

final as (

    select
        parts.part_key,
        parts.kpi,
        parts.period_month,
        parts.dimension,
        parts.facility_key,
        parts.payer_key,
        parts.cause,
        parts.is_dated,
        parts.numerator,
        parts.denominator,
        coalesce(counts.counted, 0) as counted,
        parts.early_numerator,
        parts.early_denominator,
        coalesce(counts.early_counted, 0) as early_counted

    from parts

    left join counts
        on parts.part_key = counts.part_key

)

select * from final
