{#
    A date that something happened on. What systems write where they know none (1753-01-01 and other
    days before 1900) is no date, and neither is a day more than a month ahead of the reporting date:
    a slip of the pen (2205), or what has not happened yet. Rules N1, N2 and N8 list them.
#}
{% macro known_date(column) -%}
    case
        when {{ column }} >= cast('1900-01-01' as date)
            and {{ column }} <= cast({{ dbt.dateadd('day', 31, as_of_date()) }} as date)
            then {{ column }}
    end
{%- endmacro %}
