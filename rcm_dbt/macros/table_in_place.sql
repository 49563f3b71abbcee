{#
    How a table is made in DuckDB: in the place of the last one, in one transaction, so that readers
    and a build that fails find the last one. The usual way makes it beside, renames both and drops
    the other: four more statements for each of hundreds of small tables.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {{ run_hooks(pre_hooks) }}
    {% call statement('main') %}
        drop {{ existing_relation.type if existing_relation else 'table' }} if exists {{ target_relation }};
        {{ create_table_as(False, target_relation, compiled_code) }}
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
