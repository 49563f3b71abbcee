{# A text without any of some characters at its start; engines order the arguments differently. #}
{% macro without_leading(text, characters) -%}
    {{ return(adapter.dispatch('without_leading', 'rcm_dbt')(text, characters)) }}
{%- endmacro %}

{% macro default__without_leading(text, characters) -%}
    ltrim({{ text }}, '{{ characters }}')
{%- endmacro %}

{% macro spark__without_leading(text, characters) -%}
    ltrim('{{ characters }}', {{ text }})
{%- endmacro %}
