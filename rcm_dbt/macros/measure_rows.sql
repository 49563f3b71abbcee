{#
    One kind of rows of a union of measures: its keys, each measure that it has, and for the others the
    value that leaves a sum as it is. `measures` names a measure and its expression, `neutral` every
    measure of the union and that value.
#}
{% macro measure_rows(source, keys, measures, neutral) -%}
    select
        {%- for name, expression in keys.items() %}
            {{ expression }} as {{ name }},
        {%- endfor %}
        {%- for name, nothing in neutral.items() %}
            {{ measures.get(name, nothing) }} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}

    from {{ source }}
{%- endmacro %}
