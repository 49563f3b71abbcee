{#
    A row's share of an amount, by its share of the work of all rows of a group. Shares are
    differences of a running share in whole cents (and whole hundredths of a wRVU), so that they add
    up to the amount exactly; empty where there is no amount or no work. `order_by` says which rows
    come first, and must be unique within the group.
#}
{% macro allocated_amount(amount, work, group_by, order_by) -%}
    {%- set work = 'coalesce(' ~ work ~ ', 0)' -%}
    {%- set group = 'partition by ' ~ (group_by | join(', ')) -%}
    {%- set total_work = 'sum(' ~ work ~ ') over (' ~ group ~ ')' -%}
    {%- set running_work = 'sum(' ~ work ~ ') over (' ~ group ~ ' order by ' ~ order_by
        ~ ' rows between unbounded preceding and current row)' -%}
    {%- set bigint = dbt.type_bigint() -%}
    {%- set cents = 'cast(' ~ amount ~ ' * 100 as ' ~ bigint ~ ')' -%}
    {%- set total = 'cast(' ~ total_work ~ ' * 100 as ' ~ bigint ~ ')' -%}
    {{ money(
        'case when ' ~ amount ~ ' is not null and ' ~ total_work ~ ' > 0 then ('
        ~ integer_divide(
            cents ~ ' * cast(' ~ running_work ~ ' * 100 as ' ~ bigint ~ ')', total
        ) ~ ' - ' ~ integer_divide(
            cents ~ ' * cast((' ~ running_work ~ ' - ' ~ work ~ ') * 100 as ' ~ bigint ~ ')', total
        ) ~ ') * 0.01 end'
    ) }}
{%- endmacro %}

{#
    The value of an ordered list that a share of it does not exceed (nearest rank): exact for whole
    days, and the same on each engine. `rank` numbers the values of a group from the smallest.
#}
{% macro nearest_rank(value, rank, count, percent) -%}
    min(case
        when {{ rank }} = {{ integer_divide(count ~ ' * ' ~ percent ~ ' + 99', '100') }}
            then {{ value }}
    end)
{%- endmacro %}
