{# A quotient as a binary fraction, on every engine: of two decimals some keep six digits only. #}
{% macro quotient(dividend, divisor) -%}
    (cast({{ dividend }} as {{ dbt.type_float() }}) / cast({{ divisor }} as {{ dbt.type_float() }}))
{%- endmacro %}
