{# How an X12 file names the provider that bills or is paid: NPI, else tax id, else name. #}
{% macro x12_provider_id(npi, tin, name) -%}
    coalesce({{ npi }}, {{ tin }}, {{ name }}, 'unknown')
{%- endmacro %}
