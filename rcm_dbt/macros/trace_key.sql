{# A trace number for matching: without leading zeros, which spreadsheets lose, and in one case. #}
{% macro trace_key(column) -%}
    {{ return(adapter.dispatch('trace_key', 'rcm_dbt')(column)) }}
{%- endmacro %}

{% macro default__trace_key(column) -%}
    coalesce(nullif(ltrim(upper({{ column }}), '0'), ''), {{ column }})
{%- endmacro %}

{% macro spark__trace_key(column) -%}
    coalesce(nullif(ltrim('0', upper({{ column }})), ''), {{ column }})
{%- endmacro %}
