{# Whole days from one date to another; negative when the second is earlier. #}
{% macro days_between(first_date, second_date) -%}
    cast({{ dbt.datediff(first_date, second_date, 'day') }} as {{ dbt.type_bigint() }})
{%- endmacro %}
