{# A tax identifier without the hyphen that some write. #}
{% macro plain_tax_id(tax_id) -%}
    replace({{ clean_text(tax_id) }}, '-', '')
{%- endmacro %}
