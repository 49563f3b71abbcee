{# DuckDB's FLOAT keeps seven digits, fewer than the cents of a month have; other engines' is a double. #}
{% macro duckdb__type_float() %}
    {{ return('double') }}
{% endmacro %}
