{# The age band of a number of years: coarse enough that it identifies nobody. #}
{% macro age_band(years) -%}
    case
        when {{ years }} is null or {{ years }} < 0 then 'unknown'
        when {{ years }} < 18 then '0-17'
        when {{ years }} < 35 then '18-34'
        when {{ years }} < 50 then '35-49'
        when {{ years }} < 65 then '50-64'
        when {{ years }} < 80 then '65-79'
        else '80+'
    end
{%- endmacro %}
