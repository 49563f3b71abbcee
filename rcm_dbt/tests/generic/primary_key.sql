{# The columns together name one row, and none of them is empty. #}
{% test primary_key(model, columns) %}

    select
        {{ columns | join(',\n        ') }},
        count(*) as row_count

    from {{ model }}

    group by
        {{ columns | join(',\n        ') }}

    having
        count(*) > 1
        {% for column in columns -%}
        or {{ column }} is null
        {% endfor %}

{% endtest %}
