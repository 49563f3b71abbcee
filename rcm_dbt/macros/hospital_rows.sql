{#
    The query of the caller over the rows of a raw table that count as of the reporting date: of each
    hospital of `vars.hospitals`, one below the other. The caller writes the select list, under the
    usual column names, and casts each column: what a hospital calls or types otherwise is made alike
    before the rows come together.

    Left out is what had not arrived by then, unless the source does not date the table, and every
    version of a record that had been deleted in the source by then; `key` says which record it is,
    and `belongs_to` in which column another table's record stands with which it goes.

    A unit test has the hospitals whose rows it gives: it cannot know which are added later.
#}
{% macro hospital_rows(table, key=none, is_dated=true, belongs_to={}) -%}
    {%- set found = [] -%}
    {%- for hospital in var('hospitals') -%}
        {%- set given = 'model.' ~ project_name ~ '.hospital__' ~ hospital ~ '__' ~ table -%}
        {%- if model.resource_type != 'unit_test' or given in model.depends_on.nodes -%}
            {%- do found.append(hospital) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for hospital in found -%}
        {%- set own = ((var('hospitals')[hospital] or {}).get('columns') or {}).get(table) or {} -%}
{{ '\n\nunion all\n\n' if not loop.first }}
{{- caller() | trim }}

from (
    select
        {%- for usual_name, own_name in own.items() %}
        raw_rows.{{ adapter.quote(own_name | lower) }} as {{ usual_name }},
        {%- endfor %}
        raw_rows.*
    from {{ source('hospital', hospital ~ '__' ~ table) }} as raw_rows
) as versions

where
    {{ 'versions._arrival_date <= ' ~ as_of_date() if is_dated else 'true' }}
        {%- set records = ({key: table} if key else {}) -%}
        {%- do records.update(belongs_to) -%}
        {%- for column, owner in records.items() %}
    and not exists (
        select 1 from {{ ref('stg_hospital__deleted_rows') }} as deleted_rows
        where
            deleted_rows.is_gone
            and deleted_rows.source_system = '{{ hospital }}'
            and deleted_rows.table_name = '{{ owner }}'
            and deleted_rows.record_id = cast(versions.{{ column }} as {{ dbt.type_string() }})
    )
        {%- endfor %}
    {%- endfor -%}
{%- endmacro %}

{#
    When a version of a record counts from: its modification date or, where that did not change with
    the record, the moment at which the change was noticed.
#}
{% macro hospital_modified_at() -%}
    coalesce(_noticed_at, cast(modifieddate as {{ dbt.type_timestamp() }}))
{%- endmacro %}
