{#
    The rows of a raw table of a hospital that count as of the reporting date, under the usual column
    names: `vars.hospitals` of the project says which of its names are its own.

    Left out is what had not arrived by then, unless the source does not date the table, and every
    version of a record that had been deleted in the source by then.
#}
{% macro hospital_rows(hospital, table, key, is_dated=true) -%}
    {%- set own = ((var('hospitals')[hospital] or {}).get('columns') or {}).get(table) or {} -%}
    select
        versions.*
        {%- for usual_name, own_name in own.items() %},
        versions.{{ own_name }} as {{ usual_name }}
        {%- endfor %}

    from {{ source(hospital, table) }} as versions

    where
        not exists (
            select 1 from {{ ref('stg_' ~ hospital ~ '__deleted_rows') }} as deleted_rows
            where
                deleted_rows.is_gone
                and deleted_rows.table_name = '{{ table }}'
                and deleted_rows.record_id = versions.{{ own.get(key, key) }}
        )
        {%- if is_dated %}
        and versions._arrival_date <= {{ as_of_date() }}
        {%- endif %}
{%- endmacro %}

{#
    When a version of a record counts from: its modification date or, where that did not change with
    the record, the moment at which the change was noticed.
#}
{% macro hospital_modified_at() -%}
    cast(coalesce(_noticed_at, modifieddate) as {{ dbt.type_timestamp() }})
{%- endmacro %}
