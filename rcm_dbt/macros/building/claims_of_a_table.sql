{#
    Tables that are made claim by claim, in DuckDB.

    A model says in its meta, `claims_from`, from which tables it takes for a claim the rows of that
    claim and of no other. Of each of these tables stands, for every claim, a hash of its rows and the
    number of the build that last changed them; so the claims that something changed of are known by
    content, and the model is asked for those alone. What it reads besides is compared whole: where
    that has changed, or the model itself, all claims are made again. Rows without a claim are those of
    one more claim.

    What a model says of itself is tested: for any claims, it makes of their rows what it makes of all.
#}

{# Where most claims are to be made again, a table is quicker made whole. #}
{% macro most_claims_to_make() %}0.2{% endmacro %}


{# The nodes of the tables that the model that is being made reads claim by claim. #}
{% macro claim_tables() %}
    {%- set names = model.config.meta.get('claims_from', []) -%}
    {%- set found = [] -%}
    {%- for unique_id in model.depends_on.nodes if unique_id.startswith('model.') -%}
        {%- if graph.nodes[unique_id].name in names -%}
            {%- do found.append(graph.nodes[unique_id]) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if found | length < names | length -%}
        {{ exceptions.raise_compiler_error('It does not read all that claims_from names.') }}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{# Whether another model reads this one claim by claim; looked up once for all models of a build. #}
{% macro is_read_by_claim() %}
    {%- if 'read_by_claim' not in graph -%}
        {%- set names = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- do names.extend(node.config.meta.get('claims_from', [])) -%}
        {%- endfor -%}
        {%- do graph.update({'read_by_claim': names}) -%}
    {%- endif -%}
    {{ return(model.name in graph.read_by_claim) }}
{% endmacro %}


{# The table that has of each claim of a node a hash of its rows; null where there are none now. #}
{% macro claim_contents(node) -%}
    claim_contents."{{ node.name }}"
{%- endmacro %}


{# Whose rows those of a table are, also of rows without a claim. #}
{% macro whose_claim() -%}
    coalesce(claim_key, '')
{%- endmacro %}


{#
    Which claims the model has to make after it was made in a build (none: never, or of other things):
    all, some, which then stand in `touched_claims`, or none.
#}
{% macro claims_to_make(made_in) %}
    {%- if made_in is none -%}
        {{ return('all') }}
    {%- endif -%}
    {%- set tables = claim_tables() -%}
    {%- if not tables -%}
        {{ return('none') }}
    {%- endif -%}
    {%- set contents = [] -%}
    {%- set touched = [] -%}
    {%- for node in tables -%}
        {%- do contents.append('(select count(*) from ' ~ claim_contents(node) ~ ')') -%}
        {%- do touched.append(
            'select claim_key from ' ~ claim_contents(node) ~ ' where changed_in > ' ~ made_in
        ) -%}
    {%- endfor -%}
    {%- do run_query('create or replace temp table touched_claims as ' ~ touched | join(' union ')) -%}
    {%- set counted = run_query(
        'select count(*), count(*) <= ' ~ most_claims_to_make() ~ ' * greatest('
        ~ contents | join(', ') ~ ') from touched_claims'
    ).rows[0] -%}
    {{ return('none' if counted[0] == 0 else 'some' if counted[1] else 'all') }}
{% endmacro %}


{# Statements that put the rows of the touched claims in the place of those that stand there. #}
{% macro make_claims_again(relation, query) %}
    {%- set touched = whose_claim() ~ ' in (select claim_key from touched_claims)' -%}
    {%- set asked = namespace(query=query) -%}
    {%- for node in claim_tables() -%}
        {%- set asked.query = asked.query | replace(
            node.relation_name, '(select * from ' ~ node.relation_name ~ ' where ' ~ touched ~ ')'
        ) -%}
    {%- endfor %}
    create or replace temp table replaced_rows as
    select coalesce(sum(hash(made)), 0) as row_hash
    from {{ relation }} as made
    where {{ touched }};
    delete from {{ relation }} where {{ touched }};
    -- what is read besides may hold rows of all claims
    insert into {{ relation }} by name select * from ({{ asked.query }}) as asked where {{ touched }};
    {%- if is_read_by_claim() %}
    create or replace temp table changed_claims as
    with made as (
        select {{ whose_claim() }} as claim_key, sum(hash(made)) as row_hash
        from {{ relation }} as made
        where {{ touched }}
        group by 1
    )
    select claim_key, made.row_hash
    from touched_claims
    left join made using (claim_key)
    left join {{ claim_contents(model) }} as before using (claim_key)
    where made.row_hash is distinct from before.row_hash;
    delete from {{ claim_contents(model) }}
    where claim_key in (select claim_key from changed_claims);
    insert into {{ claim_contents(model) }}
    select claim_key, row_hash, (select number from main.this_build) from changed_claims;
    {%- endif %}
    update main.table_contents
    set
        row_count = (select count(*) from {{ relation }}),
        row_hash = row_hash - (select row_hash from replaced_rows) + (
            select coalesce(sum(hash(made)), 0) from {{ relation }} as made where {{ touched }}
        ),
        made_in = (select number from main.this_build)
    where model_id = '{{ model.unique_id }}'
{% endmacro %}


{# Statements after a table was made whole: its claims, where another model asks for them. #}
{% macro note_all_claims(relation) %}
    {%- if is_read_by_claim() %}
    create table if not exists {{ claim_contents(model) }} (
        claim_key varchar, row_hash hugeint, changed_in bigint
    );
    create or replace table {{ claim_contents(model) }} as
    with made as (
        select {{ whose_claim() }} as claim_key, sum(hash(made)) as row_hash
        from {{ relation }} as made
        group by 1
    )
    select
        claim_key,
        made.row_hash,
        case
            when made.row_hash is not distinct from before.row_hash then before.changed_in
            else (select number from main.this_build)
        end as changed_in
    from made
    full join {{ claim_contents(model) }} as before using (claim_key);
    {%- endif %}
{% endmacro %}
