{# Day of the month of a date, 1 to 31. #}
{% macro day_of(expression) -%}
    cast(extract(day from {{ expression }}) as {{ dbt.type_int() }})
{%- endmacro %}
