{#
    One quality rule asked of every row of a relation: how many were asked and how many failed, by
    source system and the day on which the row arrived. A condition that cannot be told has failed.
#}
{% macro validation_rows(rule_id, relation, condition, where='true') -%}
    select
        '{{ rule_id }}' as rule_id,
        source_system,
        recorded_date,
        count(*) as checked_count,
        sum(case when {{ condition }} then 0 else 1 end) as failed_count

    from {{ relation }}

    where {{ where }}

    group by
        source_system,
        recorded_date
{%- endmacro %}
