{# The surrogate key of a record that another record points to; null when it points to none. #}
{% macro foreign_key(columns) -%}
    case when {{ columns[-1] }} is not null then {{ surrogate_key(columns) }} end
{%- endmacro %}
