{#
    What Spark is told in other words than DuckDB, so that a model gives the same rows on both.
#}


{# Bind every source. A column of which only some files of a folder know is null in the others. #}
{% macro bind_sources() %}
    {%- do run_query('create database if not exists raw') -%}
    {%- for node in graph.sources.values() -%}
        {%- set location = node.config.meta.external_location or node.meta.external_location -%}
        {%- set path = modules.re.search("'([^']*)'", location).group(1)
            | replace('${name}', node.name) | replace('${identifier}', node.identifier)
            | replace('/*/*.parquet', '') -%}
        {%- set bound = 'raw.' ~ node.source_name ~ '__' ~ node.name -%}
        {%- do run_query('drop table if exists ' ~ bound) -%}
        {%- do run_query(
            'create table ' ~ bound ~ ' using parquet'
            ~ " options (path '" ~ path ~ "', mergeSchema 'true', recursiveFileLookup 'true')"
        ) -%}
    {%- endfor -%}
{% endmacro %}


{#
    What is a view elsewhere is a table on Spark: who reads its files finds all of them, and no view is
    planned anew by each that reads it.
#}
{% materialization view, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}


{#
    Each build writes a table into a folder of its own: whoever reads the last one goes on, and what a
    killed build left is in nobody's way.
#}
{% macro spark__location_clause() -%}
    location '{{ env_var('RCM_SPARK') }}/tables/{{ model.schema }}/{{ model.alias }}/{{ env_var('RCM_SPARK_BUILD') }}'
{%- endmacro %}


{#
    dbt-spark writes a null as the text None, and ends a text at its first apostrophe. Here a seed is
    made whole, by one statement; where it has no row, there is still a file that says its columns.
#}
{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append((name, types.get(name, adapter.convert_type(agate_table, loop.index0)))) -%}
    {%- endfor -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows or [[none] * columns | length] -%}
        {%- set values = [] -%}
        {%- for value in row -%}
            {%- do values.append('cast(' ~ spark_literal(value) ~ ' as ' ~ columns[loop.index0][1] ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ values | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set query -%}
        create table {{ this }} {{ file_format_clause() }} {{ location_clause() }} as
        select * from values {{ rows | join(', ') }} as seed({{ columns | map('first') | join(', ') }})
        {{ 'where false' if not agate_table.rows }}
    {%- endset -%}
    {%- do adapter.add_query(query, abridge_sql_log=true) -%}
    {{ return(query) }}
{% endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}
    {{ return('') }}
{% endmacro %}

{% macro spark_literal(value) -%}
    {%- if value is none -%}
        null
    {%- else -%}
        '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}


{# Boundaries crossed, as elsewhere; null where a date is none. #}
{% macro spark__datediff(first_date, second_date, datepart) -%}
    {%- if datepart == 'day' -%}
        datediff({{ second_date }}, {{ first_date }})
    {%- elif datepart == 'month' -%}
        (
            (year({{ second_date }}) - year({{ first_date }})) * 12
            + month({{ second_date }}) - month({{ first_date }})
        )
    {%- elif datepart == 'year' -%}
        (year({{ second_date }}) - year({{ first_date }}))
    {%- else -%}
        {{ exceptions.raise_compiler_error('datediff by ' ~ datepart ~ ' is not written for Spark.') }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set parts = {'year': '{}, 0, 0, 0', 'month': '0, {}, 0, 0', 'week': '0, 0, {}, 0', 'day': '0, 0, 0, {}'} -%}
    (
        cast({{ from_date_or_timestamp }} as timestamp)
        + make_interval({{ parts[datepart] | replace('{}', 'cast(' ~ interval ~ ' as int)') }})
    )
{%- endmacro %}

{% macro spark__split_part(string_text, delimiter_text, part_number) -%}
    split_part({{ string_text }}, {{ delimiter_text }}, {{ part_number }})
{%- endmacro %}

{# `order_by_clause` is `order by` one expression: the texts are sorted with it, and then freed of it. #}
{% macro spark__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {%- set sorted = 'sort_array(collect_list(named_struct(' ~ "'place', "
        ~ (order_by_clause or 'order by 1') | replace('order by', '') ~ ", 'said', " ~ measure ~ ')))' -%}
    case
        when count({{ measure }}) > 0
            then array_join(transform({{ sorted }}, each -> each.said), {{ delimiter_text }})
    end
{%- endmacro %}
