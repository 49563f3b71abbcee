{# A binary fraction to some digits after the point; PostgreSQL rounds decimals alone. #}
{% macro rounded(expression, digits) -%}
    {{ return(adapter.dispatch('rounded', 'rcm_dbt')(expression, digits)) }}
{%- endmacro %}

{% macro default__rounded(expression, digits) -%}
    round({{ expression }}, {{ digits }})
{%- endmacro %}

{% macro postgres__rounded(expression, digits) -%}
    round(cast({{ expression }} as numeric), {{ digits }})
{%- endmacro %}
