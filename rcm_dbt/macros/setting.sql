{# The value of a setting of the work queue and the forecast (seed work_settings). #}
{% macro setting(name) -%}
    (select setting_value from {{ ref('work_settings') }} where setting = '{{ name }}')
{%- endmacro %}
