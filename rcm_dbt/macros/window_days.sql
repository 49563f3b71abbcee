{# Days of the three months that end with a month, or with the as-of date if that comes first. #}
{% macro window_days(month) -%}
    (
        {{ days_between(
            dbt.dateadd('month', -2, month),
            'least(' ~ dbt.last_day(month, 'month') ~ ', ' ~ as_of_date() ~ ')'
        ) }} + 1
    )
{%- endmacro %}
