{# One code set for gender, whatever the source writes: male, female, other, unknown. #}
{% macro standard_gender(column) -%}
    case lower({{ clean_text(column) }})
        when 'm' then 'male'
        when 'male' then 'male'
        when 'f' then 'female'
        when 'female' then 'female'
        when 'o' then 'other'
        when 'other' then 'other'
        when 'x' then 'other'
        when 'nonbinary' then 'other'
        else 'unknown'
    end
{%- endmacro %}
