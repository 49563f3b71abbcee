{# A timestamp from a timestamp or an ISO 8601 text (in UTC); null when blank. #}
{% macro clean_timestamp(column) -%}
    cast({{ clean_text(column) }} as {{ dbt.type_timestamp() }})
{%- endmacro %}
