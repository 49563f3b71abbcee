{# Bytes as text (UTF-8); null when they are no text. #}
{% macro text_of_bytes(expression) -%}
    {{ return(adapter.dispatch('text_of_bytes', 'rcm_dbt')(expression)) }}
{%- endmacro %}

{% macro default__text_of_bytes(expression) -%}
    try(decode({{ expression }}))
{%- endmacro %}

{% macro spark__text_of_bytes(expression) -%}
    try_cast({{ expression }} as string)
{%- endmacro %}
