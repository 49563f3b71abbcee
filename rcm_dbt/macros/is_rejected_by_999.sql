{# Whether a status of a 999 (AK501 or IK501 of a transaction, AK901 of a group) rejects. #}
{% macro is_rejected_by_999(status) -%}
    coalesce({{ status }} in ('R', 'M', 'W', 'X'), false)
{%- endmacro %}
