{#
    Two models tell the same sums for each combination of columns, to the cent. A combination that one
    of them lacks counts as zero there, and an empty value is a value like any other. Each side may be
    narrowed by a condition.
#}
{% test sum_equals_by(
    model, columns, expression, compare_model, compare_expression=none, compare_columns=none,
    where='1 = 1', compare_where='1 = 1'
) %}

    with

    both_sides as (

        select
            {{ columns | join(',\n            ') }},
            {{ expression }} as amount

        from {{ model }}

        where {{ where }}

        union all

        select
            {{ (compare_columns or columns) | join(',\n            ') }},
            -({{ compare_expression or expression }}) as amount

        from {{ compare_model }}

        where {{ compare_where }}

    )

    select
        {{ columns | join(',\n        ') }},
        sum(amount) as difference

    from both_sides

    group by
        {{ columns | join(',\n        ') }}

    having sum(amount) <> 0

{% endtest %}
