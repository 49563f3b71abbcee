{# Bytes as text (UTF-8); null when they are no text. #}
{% macro text_of_bytes(expression) -%}
    {{ return(adapter.dispatch('text_of_bytes', 'rcm_dbt')(expression)) }}
{%- endmacro %}

{% macro default__text_of_bytes(expression) -%}
    try(decode({{ expression }}))
{%- endmacro %}

{% macro bigquery__text_of_bytes(expression) -%}
    safe_convert_bytes_to_string({{ expression }})
{%- endmacro %}

{% macro snowflake__text_of_bytes(expression) -%}
    try_hex_decode_string(hex_encode({{ expression }}))
{%- endmacro %}

{% macro fabric__text_of_bytes(expression) -%}
    try_cast({{ expression }} as varchar(8000))
{%- endmacro %}

{% macro postgres__text_of_bytes(expression) -%}
    raw.text_of_bytes({{ expression }})
{%- endmacro %}

{% macro spark__text_of_bytes(expression) -%}
    try_cast({{ expression }} as string)
{%- endmacro %}
