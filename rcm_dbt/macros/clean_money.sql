{# Dollars from a text that may be blank: blank is unknown, not zero. #}
{% macro clean_money(column) -%}
    {{ money(clean_text(column)) }}
{%- endmacro %}
