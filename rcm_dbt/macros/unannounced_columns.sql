{#
    The names of the columns of a raw table that have a value in a row and that nobody announced,
    joined by commas; null when there is none. What a source has is looked up at run time only, so
    that nothing is read while the project is parsed or linted.
#}
{% macro unannounced_columns(relation, announced) -%}
    {%- set found = [] -%}
    {%- if execute and flags.WHICH in ('run', 'build') -%}
        {%- for name in get_columns_in_query('select * from ' ~ relation) -%}
            {%- if name | lower not in announced and not name.startswith('_') -%}
                {%- set quoted = adapter.quote(name) -%}
                {%- do found.append(
                    "case when " ~ clean_text(quoted) ~ " is not null then '"
                    ~ (name | replace("'", "''")) ~ "' end"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found -%}
        nullif({{ join_texts(found, ', ') }}, '')
    {%- else -%}
        cast(null as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
