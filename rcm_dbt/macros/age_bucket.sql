{# The ageing bucket of a number of days: 0-30, 31-60, 61-90, 90+, unknown. #}
{% macro age_bucket(days) -%}
    case
        when {{ days }} is null then 'unknown'
        when {{ days }} <= 30 then '0-30'
        when {{ days }} <= 60 then '31-60'
        when {{ days }} <= 90 then '61-90'
        else '90+'
    end
{%- endmacro %}
