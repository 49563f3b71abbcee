{#
    The columns of a finding, the same for every rule: what broke it, where that stands, how much it
    is about and since when it is known. `row` is the table whose file and position are told.
#}
{% macro finding(
    rule_id,
    record_type,
    record_id,
    row,
    amount='null',
    found_date=none,
    claim_key='null',
    facility_key='null',
    payer_key='null',
    resolved_date='null',
    detail='null'
) -%}
    {{ rule_id }} as rule_id,
        {{ row }}.source_system,
        {{ row }}._source_file,
        {{ row }}._source_position,
        {{ record_type }} as record_type,
        cast({{ record_id }} as {{ dbt.type_string() }}) as record_id,
        cast({{ claim_key }} as {{ dbt.type_string() }}) as claim_key,
        cast({{ facility_key }} as {{ dbt.type_string() }}) as facility_key,
        cast({{ payer_key }} as {{ dbt.type_string() }}) as payer_key,
        {{ money(amount) }} as amount,
        cast({{ found_date or row ~ '.recorded_date' }} as date) as found_date,
        cast({{ resolved_date }} as date) as resolved_date,
        cast({{ detail }} as {{ dbt.type_string() }}) as detail
{%- endmacro %}
