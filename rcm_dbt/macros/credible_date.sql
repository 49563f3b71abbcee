{#
    A date of an X12 file that can be true: not before 1900, and at most a month after the file
    arrived, as a payment may take effect some days later. Any other is no date, and found (C15, P11).
#}
{% macro credible_date(column) -%}
    case
        when cast({{ column }} as date) between cast('1900-01-01' as date)
            and cast({{ dbt.dateadd('day', 31, '_arrival_date') }} as date)
            then cast({{ column }} as date)
    end
{%- endmacro %}

{# Whether any of some dates is given and cannot be true. #}
{% macro has_false_date(columns) -%}
    {%- for column in columns %}
    {{ 'or ' if not loop.first }}({{ column }} is not null and {{ credible_date(column) }} is null)
    {%- endfor %}
{%- endmacro %}
