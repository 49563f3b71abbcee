{# A name without what is written differently in it: case, blanks and punctuation. #}
{% macro plain_name(name) -%}
    {%- set plain = namespace(sql='upper(' ~ name ~ ')') -%}
    {%- for mark in [' ', '.', ',', '-', '/', '&'] -%}
        {%- set plain.sql = "replace(" ~ plain.sql ~ ", '" ~ mark ~ "', '')" -%}
    {%- endfor -%}
    {{ plain.sql }}
{%- endmacro %}
