{# The columns together name one row; any of them may be empty, which counts as a value. #}
{% test unique_combination(model, columns) %}

    select
        {{ columns | join(',\n        ') }},
        count(*) as row_count

    from {{ model }}

    group by
        {{ columns | join(',\n        ') }}

    having count(*) > 1

{% endtest %}
