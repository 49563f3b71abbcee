{# Dollars from a text; null when it is no amount. #}
{% macro money_or_null(expression) -%}
    {{ return(adapter.dispatch('money_or_null', 'rcm_dbt')(expression)) }}
{%- endmacro %}

{% macro default__money_or_null(expression) -%}
    try_cast({{ expression }} as decimal(18, 2))
{%- endmacro %}

{% macro postgres__money_or_null(expression) -%}
    case
        when {{ expression }} ~ '^\s*[-+]?([0-9]{1,16}(\.[0-9]*)?|\.[0-9]+)\s*$'
            then cast({{ expression }} as decimal(18, 2))
    end
{%- endmacro %}

{% macro bigquery__money_or_null(expression) -%}
    round(safe_cast({{ expression }} as numeric), 2)
{%- endmacro %}
