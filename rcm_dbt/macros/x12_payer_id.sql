{# How an X12 file names the payer: the identifier, else the name. #}
{% macro x12_payer_id(payer_id, payer_name) -%}
    coalesce({{ payer_id }}, {{ payer_name }}, 'unknown')
{%- endmacro %}
