{#
    How a table is made in DuckDB: in the place of the last one and in one transaction, so that a
    build that fails leaves the last one; and only where something that it is made of has changed.

    A model is a function of its SQL and of the tables and files that it reads. Beside the tables
    stands of each what it was made of, and a hash of its rows: where both the SQL and the content of
    all that it reads are what they were, the table is left as it is. What is made again and comes
    out the same makes nothing downstream to be made again.

    Every table is made again with `RCM_BUILD=whole`, and where nobody says by `RCM_PROJECT` what the
    project holds (a hash of its files, seeds among them).
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set made_of = what_a_table_is_made_of(compiled_code) -%}
    {%- set made_in = none -%}
    {%- if existing_relation and existing_relation.is_table -%}
        {%- set made_in = build_that_made(target_relation, made_of) -%}
    {%- endif -%}
    {%- set to_make = claims_to_make(made_in) -%}

    {{ run_hooks(pre_hooks) }}
    {% if to_make == 'none' %}
        {% call noop_statement('main', 'UNCHANGED') %}{% endcall %}
    {% elif to_make == 'some' %}
        {% call statement('main') %}
            {{ make_claims_again(target_relation, compiled_code) }}
        {% endcall %}
    {% else %}
        {% call statement('main') %}
            {% if existing_relation %}
                drop {{ existing_relation.type }} if exists {{ target_relation }};
            {% endif %}
            {{ create_table_as(False, target_relation, compiled_code) }};
            {{ note_all_claims(target_relation) }}
            {{ note_what_it_is_made_of(target_relation, made_of) }}
        {% endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{#
    Before anything is built: the memory that DuckDB may take, beyond which it writes to disk beside the
    warehouse, and the table of what each table is made of. What comes from the environment is read at
    execution only, so that another value never makes dbt parse the project again.
#}
{% macro begin_build() %}
    {%- if execute and target.type == 'duckdb' -%}
        set memory_limit = '{{ env_var('RCM_MEMORY', '8GB') }}';
        create table if not exists main.table_contents (
            model_id varchar, made_of varchar, row_count bigint, row_hash hugeint
        );
        alter table main.table_contents add column if not exists made_in bigint;
        create schema if not exists claim_contents;
        create sequence if not exists main.build_numbers;
        create or replace table main.this_build as select nextval('main.build_numbers') as number
    {%- elif execute and target.type == 'spark' -%}
        {%- do bind_sources() -%}
    {%- elif execute and target.type == 'postgres' -%}
        {%- do make_postgres_functions() -%}
    {%- endif -%}
{% endmacro %}


{#
    SQL of a hash of all that the model that is being made follows from: its query, the project, the
    rows of the tables that it reads, and the files. Files of the lake never change under their
    names; the others are small, and read.
#}
{% macro what_a_table_is_made_of(query) %}
    {%- set found = {'tables': [], 'seeds': [], 'has_views': false} -%}
    {%- set by_claim = claim_tables() | map(attribute='unique_id') | list -%}
    {%- do tables_read_by(model.depends_on.nodes | reject('in', by_claim), found) -%}
    {%- set files = modules.re.findall("read_parquet\\('((?:[^']|'')*)'", query) | unique | sort -%}
    {%- set said = [local_md5(query), env_var('RCM_PROJECT', 'none')] -%}
    {%- if found.has_views -%}
        {%- do said.append(env_var('RCM_AS_OF', '')) -%}
    {%- endif -%}
    md5(concat_ws(
        ' ',
        '{{ said | join(' ') }}',
        (
            select string_agg(concat_ws(' ', model_id, row_count, row_hash), ' ' order by model_id)
            from main.table_contents
            where model_id in ('{{ found.tables | unique | sort | join("', '") }}')
        )
        {%- for seed in found.seeds | unique | sort %},
        (select concat_ws(' ', count(*), sum(hash(seed))) from {{ seed }} as seed)
        {%- endfor %}
        {%- for file in files %},
        (select string_agg(file, ' ' order by file) from glob('{{ file }}'))
        {%- set read = file | replace('/*/*.parquet', '/declared/*.parquet') %},
        (select string_agg(md5(content), ' ' order by filename) from read_blob('{{ read }}'))
        {%- endfor %}
    ))
{% endmacro %}


{# The tables and seeds behind nodes, also through views: added to `found`. #}
{% macro tables_read_by(unique_ids, found) %}
    {%- for unique_id in unique_ids if unique_id.startswith(('model.', 'seed.')) -%}
        {%- set node = graph.nodes[unique_id] -%}
        {%- if node.resource_type == 'seed' -%}
            {%- do found.seeds.append('"' ~ node.schema ~ '"."' ~ node.alias ~ '"') -%}
        {%- elif node.config.materialized == 'view' -%}
            {%- do found.update({'has_views': true}) -%}
            {%- do tables_read_by(node.depends_on.nodes, found) -%}
        {%- else -%}
            {%- do found.tables.append(unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{#
    The number of the build in which the table that stands there was made of just this; none where it
    was not, or has lost rows since.
#}
{% macro build_that_made(relation, made_of) %}
    {%- if env_var('RCM_BUILD', 'changed') == 'whole' or not env_var('RCM_PROJECT', '') -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set noted = run_query(
        "select made_in from main.table_contents where model_id = '" ~ model.unique_id
        ~ "' and row_count = (select count(*) from " ~ relation ~ ") and made_of = " ~ made_of
    ) -%}
    {{ return(noted.rows[0][0] if noted.rows else none) }}
{% endmacro %}


{# Statements that note it, with a hash of the rows that does not depend on their order. #}
{% macro note_what_it_is_made_of(relation, made_of) %}
    delete from main.table_contents where model_id = '{{ model.unique_id }}';
    insert into main.table_contents
    select
        '{{ model.unique_id }}',
        {{ made_of }},
        (select count(*) from {{ relation }}),
        (
            {%- if is_read_by_claim() %}
            select coalesce(sum(row_hash), 0) from {{ claim_contents(model) }}
            {%- else %}
            select coalesce(sum(hash(made)), 0) from {{ relation }} as made
            {%- endif %}
        ),
        (select number from main.this_build)
{% endmacro %}
