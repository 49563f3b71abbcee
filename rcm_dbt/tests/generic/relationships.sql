{# Every value of a column is one of a column of another table; empty ones are left out. #}
{% test relationships(model, column_name, to, field) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where
        {{ column_name }} is not null
        and {{ column_name }} not in (select {{ field }} from {{ to }} where {{ field }} is not null)

{% endtest %}
