{# A staged table of every hospital, one below the other. Which there are: `vars` of the project. #}
{% macro union_hospitals(table) -%}
    {%- for hospital in var('hospitals') -%}
        {%- if not loop.first %}
    union all
    {% endif -%}
        select * from {{ ref('stg_' ~ hospital ~ '__' ~ table) }}
    {%- endfor -%}
{%- endmacro %}
