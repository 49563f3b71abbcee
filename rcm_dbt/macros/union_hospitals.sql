{#
    A staged table of every hospital, one below the other. Which there are: `vars` of the project. A
    unit test has those to which it gives rows: it cannot know which hospitals are added later.
#}
{% macro union_hospitals(table) -%}
    {%- set found = [] -%}
    {%- for hospital in var('hospitals') -%}
        {%- set name = 'stg_' ~ hospital ~ '__' ~ table -%}
        {%- if model.resource_type != 'unit_test'
            or 'model.' ~ project_name ~ '.' ~ name in model.depends_on.nodes -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in found -%}
        {%- if not loop.first %}
    union all
    {% endif -%}
        select * from {{ ref(name) }}
    {%- endfor -%}
{%- endmacro %}
