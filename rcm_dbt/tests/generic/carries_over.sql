{# Each row opens where the one before it closed, and the first one opens at zero. #}
{% test carries_over(model, columns, order_by, opening, closing) %}

    with

    rows_in_order as (

        select
            {{ columns | join(',\n            ') }},
            {{ order_by }},
            {{ opening }} as opening,
            coalesce(
                lag({{ closing }}) over (
                    partition by {{ columns | join(', ') }}
                    order by {{ order_by }}
                ),
                0
            ) as carried

        from {{ model }}

    )

    select *

    from rows_in_order

    where opening <> carried

{% endtest %}
