{#
    The rows of a table of the Synthea export that applies: the last one that had arrived and that the
    setting named. A table that it lacks is empty, whatever another export had.
#}
{% macro last_export(table) -%}
    select found.*

    from {{ source('synthea', table) }} as found

    inner join {{ source('synthea', 'export_files') }} as files
        on found._batch_id = files.loaded_batch_id
        and found._source_file = files.loaded_file

    where files.table_name = '{{ table }}' and files._batch_id in (
        select _batch_id

        from (
            select
                _batch_id,
                row_number() over (order by _loaded_at desc, _batch_id desc) as export_rank

            from {{ source('synthea', 'export_files') }}

            where _arrival_date <= {{ as_of_date() }}
        ) as exports

        where export_rank = 1
    )
{%- endmacro %}
