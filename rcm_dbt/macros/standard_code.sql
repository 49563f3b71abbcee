{#
    A code of a known list, whatever casing the source uses; what is not on the list stays as it is,
    for the accepted values of the column to tell.
#}
{% macro standard_code(column, codes) -%}
    case lower({{ clean_text(column) }})
        {%- for code in codes %}
        when '{{ code | lower }}' then '{{ code }}'
        {%- endfor %}
        else {{ clean_text(column) }}
    end
{%- endmacro %}
