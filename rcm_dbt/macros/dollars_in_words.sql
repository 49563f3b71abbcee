{# An amount that is not below zero as people write it: $4,033.19. #}
{% macro dollars_in_words(amount) -%}
    {%- set cents = 'cast(round(' ~ amount ~ ' * 100, 0) as ' ~ dbt.type_bigint() ~ ')' -%}
    {%- set thousands = integer_divide(cents, 100000) -%}
    {%- set below = dollars_digits('mod(' ~ integer_divide(cents, 100) ~ ', 1000)', 3) -%}
    {{ dbt.concat([
        "'$'",
        'case when ' ~ cents ~ ' >= 100000000 then '
            ~ dbt.concat([
                dollars_digits(integer_divide(cents, 100000000)), "','",
                dollars_digits('mod(' ~ thousands ~ ', 1000)', 3), "','", below,
            ])
            ~ ' when ' ~ cents ~ ' >= 100000 then '
            ~ dbt.concat([dollars_digits(thousands), "','", below])
            ~ ' else ' ~ dollars_digits(integer_divide(cents, 100)) ~ ' end',
        "'.'",
        dollars_digits('mod(' ~ cents ~ ', 100)', 2),
    ]) }}
{%- endmacro %}

{# A whole number as text, filled up with zeros where a length is given. #}
{% macro dollars_digits(number, length=none) -%}
    {%- set digits = 'cast(' ~ number ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {{ dbt.right(dbt.concat(["'000'", digits]), length) if length else digits }}
{%- endmacro %}
