{# The rows of two queries, each once; one engine wants to be told so. #}
{% macro union_distinct() -%}
    {{ 'union distinct' if target.type == 'bigquery' else 'union' }}
{%- endmacro %}
