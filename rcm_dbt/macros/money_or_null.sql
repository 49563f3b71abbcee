{# Dollars from a text; null when it is no amount. #}
{% macro money_or_null(expression) -%}
    {{ return(adapter.dispatch('money_or_null', 'rcm_dbt')(expression)) }}
{%- endmacro %}

{% macro default__money_or_null(expression) -%}
    try_cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{% macro postgres__money_or_null(expression) -%}
    raw.money_or_null({{ expression }})
{%- endmacro %}

{% macro bigquery__money_or_null(expression) -%}
    round(safe_cast({{ expression }} as numeric), 2)
{%- endmacro %}
