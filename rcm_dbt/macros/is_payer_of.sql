{#
    Whether a row of int_payer__identifiers is the payer that a record names: a number of the payer
    list, or one of the record's own system.
#}
{% macro is_payer_of(payers, payer_id, source_system) -%}
    {{ payer_id }} = {{ payers }}.payer_id
    and {{ payers }}.source_system in ('operations', {{ source_system }})
{%- endmacro %}
