{#
    Shares of whole cents, of which a fraction of a cent is dropped: of an amount by a rate in
    millionths, and by the proportion of two amounts (0 where the whole is empty).
#}
{% macro share_of_cents(cents, millionths) -%}
    (case when {{ cents }} < 0 then -1 else 1 end * {{ integer_divide(
        'abs(' ~ cents ~ ') * ' ~ millionths, '1000000'
    ) }})
{%- endmacro %}

{% macro proportion_of_cents(cents, part, whole) -%}
    coalesce({{ integer_divide('(' ~ cents ~ ') * ' ~ part, whole) }}, 0)
{%- endmacro %}
