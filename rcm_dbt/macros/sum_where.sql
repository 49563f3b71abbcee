{# Sum of an expression over the rows that meet a condition; 0 when none does. #}
{% macro sum_where(expression, condition) -%}
    sum(case when {{ condition }} then {{ expression }} else 0 end)
{%- endmacro %}
