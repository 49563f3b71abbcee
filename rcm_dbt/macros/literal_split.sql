{# The n-th part of a text between delimiters that are taken as they stand, from 1; '' when absent. #}
{% macro literal_split(text, delimiter, part) -%}
    split_part({{ text }}, {{ delimiter }}, {{ part }})
{%- endmacro %}
