{#
    A date that something happened on. What systems write where they know none (1753-01-01 and other
    days before 1900) is no date.
#}
{% macro known_date(column) -%}
    case when {{ column }} >= cast('1900-01-01' as date) then {{ column }} end
{%- endmacro %}
