{# A count, an amount or a lag that cannot be below zero; empty is allowed. #}
{% test not_negative(model, column_name) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where {{ column_name }} < 0

{% endtest %}
