{# Whether a version of a slowly changing record is the one that applies on a date. #}
{% macro valid_on(version, date) -%}
    {{ date }} >= {{ version }}.valid_from
    and ({{ version }}.valid_to is null or {{ date }} < {{ version }}.valid_to)
{%- endmacro %}
