{#
    How a large table lies on disk, in the words of the engine: by day, and within it by the keys that
    are asked for most. `day` is a date column, `keys` a list of columns. Engines without such a notion
    (DuckDB, PostgreSQL) are told nothing but that it is a table.
#}
{% macro physical_layout(day, keys) -%}
    {%- if target.type == 'bigquery' -%}
        {%- set by_day = {'field': day, 'data_type': 'date', 'granularity': 'month'} -%}
        {%- do return({'partition_by': by_day, 'cluster_by': keys}) -%}
    {%- elif target.type == 'snowflake' -%}
        {%- do return({'cluster_by': [day] + keys}) -%}
    {%- elif target.type == 'databricks' -%}
        {%- do return({'liquid_clustered_by': [day] + keys}) -%}
    {%- else -%}
        {%- do return({'materialized': 'table'}) -%}
    {%- endif -%}
{%- endmacro %}
