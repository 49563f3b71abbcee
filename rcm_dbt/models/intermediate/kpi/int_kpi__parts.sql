-- The parts of which each KPI of a month is made, once by facility and payer and, where it is told
-- by causes, once by cause: as they are now, and as they were known when the month was as old as
-- the month after it is now. Months are compared at equal age.
with

contributions as (

    select * from {{ ref('int_kpi__contributions') }}

),

cutoff as (

    select cast({{ dbt.dateadd('month', -1, as_of_date()) }} as date) as known_until_date

),

-- where a part is known by its month only, nothing can be said of an earlier age
undated as (

    select distinct kpi

    from contributions

    where known_date is null

),

told as (

    select distinct kpi

    from contributions

    where cause is not null

),

dated as (

    select
        contributions.kpi,
        contributions.period_month,
        contributions.facility_key,
        contributions.payer_key,
        case when told.kpi is not null then coalesce(contributions.cause, 'rest') end as cause,
        -- the weight of a KPI that is divided by nothing; to tell records apart takes room for
        -- each, and the others are most of all rows
        case
            when contributions.denominator is null
                then coalesce(contributions.claim_key, contributions.record_key, 'none')
        end as counted_key,
        contributions.numerator,
        contributions.denominator,
        undated.kpi is null as is_dated,
        case
            when undated.kpi is not null or contributions.known_date <= cutoff.known_until_date
                then 1
            else 0
        end as early_flag

    from contributions

    cross join cutoff

    left join undated
        on contributions.kpi = undated.kpi

    left join told
        on contributions.kpi = told.kpi

),

{% set dimensions = {
    'place': ('facility_key', 'payer_key', null_key()),
    'cause': (null_key(), null_key(), 'cause'),
} -%}
final as (

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
            count(distinct counted_key) as counted,
            sum(early_flag * numerator) as early_numerator,
            sum(early_flag * denominator) as early_denominator,
            count(distinct case when early_flag = 1 then counted_key end) as early_counted

        from dated
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

)

select * from final
