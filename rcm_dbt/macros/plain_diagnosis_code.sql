{# A diagnosis code in capitals and without its dot, so that two ways to write it are one code. #}
{% macro plain_diagnosis_code(column) -%}
    upper(replace(trim({{ column }}), '.', ''))
{%- endmacro %}
