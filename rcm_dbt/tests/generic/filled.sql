{# None of these columns is ever empty: for a model without a key of its own. #}
{% test filled(model, columns) %}
    {{ config(severity='warn') }}

    select *

    from {{ model }}

    where
        {% for column in columns -%}
        {{ 'or ' if not loop.first }}{{ column }} is null
        {% endfor %}

{% endtest %}
