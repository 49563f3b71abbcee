{# The town of an address that is written street, town, state and postal code. #}
{% macro town_of(address) -%}
    coalesce(nullif(trim({{ dbt.split_part(address, "','", 2) }}), ''), 'unknown')
{%- endmacro %}
