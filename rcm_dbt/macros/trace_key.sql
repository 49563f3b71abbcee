{#
    A trace number for matching: without leading zeros, which spreadsheets lose, without the hyphens
    and blanks that banks and payers put in or leave out, and in one case.
#}
{% macro trace_key(column) -%}
    {{ return(adapter.dispatch('trace_key', 'rcm_dbt')(column)) }}
{%- endmacro %}

{% macro default__trace_key(column) -%}
    coalesce(nullif(ltrim({{ plain_trace(column) }}, '0'), ''), {{ column }})
{%- endmacro %}

{% macro spark__trace_key(column) -%}
    coalesce(nullif(ltrim('0', {{ plain_trace(column) }}), ''), {{ column }})
{%- endmacro %}

{% macro plain_trace(column) -%}
    replace(replace(upper({{ column }}), '-', ''), ' ', '')
{%- endmacro %}
