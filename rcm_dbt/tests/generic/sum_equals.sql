{#
    Nothing is lost or counted twice between two models: the sums of an expression are equal, to the
    cent. Each side may be narrowed by a condition.
#}
{% test sum_equals(
    model, expression, compare_model, compare_expression=none, where='1 = 1', compare_where='1 = 1'
) %}

    with

    this_side as (

        select coalesce(sum({{ expression }}), 0) as total

        from {{ model }}

        where {{ where }}

    ),

    that_side as (

        select coalesce(sum({{ compare_expression or expression }}), 0) as total

        from {{ compare_model }}

        where {{ compare_where }}

    )

    select
        this_side.total as this_total,
        that_side.total as that_total

    from this_side

    cross join that_side

    where this_side.total <> that_side.total

{% endtest %}
