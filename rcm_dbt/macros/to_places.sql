{#
    A binary fraction as a decimal of so many places. Engines disagree on what is half of the last one
    (2.675 is stored as a little less), so it becomes a decimal of nine places first, which they round
    alike.
#}
{% macro to_places(expression, places) -%}
    cast(cast({{ expression }} as decimal(18, 9)) as decimal(9, {{ places }}))
{%- endmacro %}
