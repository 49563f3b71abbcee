{# A date from a date, a timestamp or an ISO 8601 text (in UTC); null when blank. #}
{% macro clean_date(column) -%}
    cast({{ clean_timestamp(column) }} as date)
{%- endmacro %}
