{#
    The tables of the lake and of the linked persons. DuckDB reads their files where they lie, by the
    `external_location`; for other engines they are tables `raw.<source>__<table>` of their catalog.
    A unit test has rows of its own.
#}
{% macro source(source_name, table_name) %}
    {%- set relation = builtins.source(source_name, table_name) -%}
    {%- if target.type == 'duckdb' or (model and model.resource_type == 'unit_test') -%}
        {{ return(relation) }}
    {%- endif -%}
    {{ return(relation.incorporate(path={
        'database': target.database if target.type != 'spark' else none,
        'schema': 'raw',
        'identifier': source_name ~ '__' ~ table_name,
    })) }}
{% endmacro %}
