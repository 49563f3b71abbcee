{# Calendar year of a date, as a whole number. #}
{% macro year_of(expression) -%}
    cast(extract(year from {{ expression }}) as {{ dbt.type_int() }})
{%- endmacro %}
