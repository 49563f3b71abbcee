{#
    A trace number for matching: without leading zeros, which spreadsheets lose, without the hyphens
    and blanks that banks and payers put in or leave out, and in one case.
#}
{% macro trace_key(column) -%}
    coalesce(nullif({{ without_leading(plain_trace(column), '0') }}, ''), {{ column }})
{%- endmacro %}

{% macro plain_trace(column) -%}
    replace(replace(upper({{ column }}), '-', ''), ' ', '')
{%- endmacro %}
