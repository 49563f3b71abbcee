{# Texts joined by a separator, leaving out those that are null. #}
{% macro join_texts(texts, separator) -%}
    concat_ws('{{ separator }}', {{ texts | join(', ') }})
{%- endmacro %}
