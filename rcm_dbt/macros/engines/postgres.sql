{#
    What PostgreSQL is told in other words than DuckDB, so that a model gives the same rows on both.
#}


{# Before each build: what PostgreSQL has no function for; null where there is no answer. #}
{% macro make_postgres_functions() %}
    {%- do run_query('create schema if not exists raw') -%}
    {%- set functions = {
        'text_of_bytes(content bytea) returns text': "convert_from(content, 'UTF8')",
        'money_or_null(content text) returns numeric(18, 2)':
            "nullif(cast(content as numeric(18, 2)), 'NaN')",
    } -%}
    {%- for function, answer in functions.items() -%}
        {%- set made -%}
            create or replace function raw.{{ function }} as $$
            begin
                return {{ answer }};
            exception when others then
                return null;
            end
            $$ language plpgsql immutable
        {%- endset -%}
        {%- do run_query(made) -%}
    {%- endfor -%}
{% endmacro %}


{# What a new table is like is not known to the planner before it is told to look. #}
{% macro look_at_new_table() -%}
    {%- if target.type == 'postgres' -%}
        analyze {{ this }}
    {%- endif -%}
{%- endmacro %}


{# The types of seeds are said in words that every engine is told in its own. #}
{% macro postgres__create_csv_table(model, agate_table) %}
    {%- set types = {} -%}
    {%- for name, type in model.config.get('column_types', {}).items() -%}
        {%- do types.update({name: api.Column.translate_type(type)}) -%}
    {%- endfor -%}
    {%- do model.config.update({'column_types': types}) -%}
    {{ return(default__create_csv_table(model, agate_table)) }}
{% endmacro %}


{#
    What is a view elsewhere is a table here: a table that is made anew takes the views on it along, and
    they would be missing where only some models are made.
#}
{% materialization view, adapter='postgres' %}
    {{ return(materialization_table_default()) }}
{% endmaterialization %}
