{# A surrogate key that does not apply to this row. #}
{% macro null_key() -%}
    cast(null as {{ dbt.type_string() }})
{%- endmacro %}
