{# Texts joined by a separator, leaving out those that are null. #}
{% macro join_texts(texts, separator) -%}
    {{ return(adapter.dispatch('join_texts', 'rcm_dbt')(texts, separator)) }}
{%- endmacro %}

{% macro default__join_texts(texts, separator) -%}
    concat_ws('{{ separator }}', {{ texts | join(', ') }})
{%- endmacro %}

{% macro bigquery__join_texts(texts, separator) -%}
    array_to_string([cast({{ texts | join(' as string), cast(') }} as string)], '{{ separator }}')
{%- endmacro %}
