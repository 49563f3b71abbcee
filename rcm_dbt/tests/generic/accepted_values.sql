{# A column holds one of these values, or none. #}
{% test accepted_values(model, column_name, values) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where {{ column_name }} not in ('{{ values | join("', '") }}')

{% endtest %}
