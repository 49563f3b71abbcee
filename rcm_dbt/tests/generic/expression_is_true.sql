{# A statement that holds for every row; one that cannot be decided for a row fails too. #}
{% test expression_is_true(model, expression, where='1 = 1') %}

    select *

    from {{ model }}

    where
        {{ where }}
        and not coalesce({{ expression }}, false)

{% endtest %}
