{# Dollars from a text; null when it is no amount. #}
{% macro money_or_null(expression) -%}
    try_cast({{ expression }} as decimal(18, 2))
{%- endmacro %}
