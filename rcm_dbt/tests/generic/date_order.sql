{# A date is never before another one of the same row; rows where either is empty pass. #}
{% test date_order(model, column_name, not_before) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where {{ column_name }} < {{ not_before }}

{% endtest %}
