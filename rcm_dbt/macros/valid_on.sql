{#
    Whether a version of a slowly changing record is the one that applies on a date. The open end is
    a date: with an `or` in it a join compares each row of one side with each of the other.
#}
{% macro valid_on(version, date) -%}
    {{ date }} >= {{ version }}.valid_from
    and {{ date }} < {{ or_open_end(version ~ '.valid_to') }}
{%- endmacro %}

{# The end of a period, with a date that none reaches where it is open. #}
{% macro or_open_end(end_date) -%}
    coalesce({{ end_date }}, cast('9999-12-31' as date))
{%- endmacro %}
