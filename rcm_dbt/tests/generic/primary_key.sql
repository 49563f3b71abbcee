{# The columns together name one row, and none of them is empty, nor one of those that must be
   `filled`. One query for all, where a test each would be many. #}
{% test primary_key(model, columns, filled=[]) %}

    select
        {{ columns | join(',\n        ') }},
        count(*) as row_count
        {%- for column in filled %},
        count({{ column }}) as {{ column }}_count
        {%- endfor %}

    from {{ model }}

    group by
        {{ columns | join(',\n        ') }}

    having
        count(*) > 1
        {% for column in columns -%}
        or {{ column }} is null
        {% endfor -%}
        {% for column in filled -%}
        or count({{ column }}) < count(*)
        {% endfor %}

{% endtest %}
