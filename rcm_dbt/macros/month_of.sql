{# Calendar month of a date, 1 to 12. #}
{% macro month_of(expression) -%}
    cast(extract(month from {{ expression }}) as {{ dbt.type_int() }})
{%- endmacro %}
