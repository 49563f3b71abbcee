{# The surrogate key of a procedure code: Synthea uses SNOMED CT, everyone else HCPCS. #}
{% macro procedure_code_key(source_system, code) -%}
    case
        when {{ code }} is null then null
        when {{ source_system }} = 'synthea' then {{ surrogate_key(["'SNOMED CT'", code]) }}
        else {{ surrogate_key(["'HCPCS'", code]) }}
    end
{%- endmacro %}
