{# The n-th part of a text between delimiters that are taken as they stand, from 1; '' when absent. #}
{% macro literal_split(text, delimiter, part) -%}
    {{ return(adapter.dispatch('literal_split', 'rcm_dbt')(text, delimiter, part)) }}
{%- endmacro %}

{% macro default__literal_split(text, delimiter, part) -%}
    split_part({{ text }}, {{ delimiter }}, {{ part }})
{%- endmacro %}

{% macro bigquery__literal_split(text, delimiter, part) -%}
    case when {{ text }} is not null
        then coalesce(split({{ text }}, {{ delimiter }})[safe_ordinal({{ part }})], '') end
{%- endmacro %}
