{# DuckDB's and Spark's FLOAT keep seven digits, fewer than the cents of a month have. #}
{% macro duckdb__type_float() %}
    {{ return('double') }}
{% endmacro %}

{% macro spark__type_float() %}
    {{ return('double') }}
{% endmacro %}
