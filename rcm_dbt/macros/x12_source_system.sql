{#
    Which source system an X12 file speaks for. A remittance that was entered from paper stands in
    for the file of another one, which brings the claims of the same practices and the numbers of
    the same payers: its folder is named after it.
#}
{% macro x12_source_system() -%}
    case
        when _source_system = 'paper_remittances' then {{ dbt.split_part('_source_file', "'/'", 1) }}
        else _source_system
    end
{%- endmacro %}
