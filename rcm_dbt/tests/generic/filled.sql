{# None of these columns is ever empty. One query for all of them, where a test each would be many. #}
{% test filled(model, columns) %}

    select
        {{ columns | join(',\n        ') }}

    from {{ model }}

    where
        {% for column in columns -%}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {% endfor %}

{% endtest %}
