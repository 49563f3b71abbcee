{# A column is never empty. #}
{% test not_null(model, column_name) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where {{ column_name }} is null

{% endtest %}
