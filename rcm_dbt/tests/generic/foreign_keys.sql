{#
    Every value of these keys is one of the table whose key it is; empty ones are left out. One query
    for all keys of a model, where a relationships test each would be many.
#}
{% test foreign_keys(model, keys) %}
    {{ config(severity='warn') }}
{%- set owners = {
    'patient_key': 'dim_patient',
    'patient_version_key': 'dim_patient',
    'provider_key': 'dim_provider',
    'payer_key': 'dim_payer',
    'facility_key': 'dim_facility',
    'department_key': 'dim_department',
    'staff_key': 'dim_staff',
    'health_plan_key': 'dim_health_plan',
    'claim_key': 'fct_claims',
    'encounter_key': 'fct_encounters',
    'procedure_code_key': 'dim_procedure',
    'diagnosis_code_key': 'dim_diagnosis',
} -%}
{% for key in keys %}
    select
        '{{ key }}' as key_name,
        *

    from {{ model }}

    where {{ key }} is not null and {{ key }} not in (select {{ key }} from {{ ref(owners[key]) }})
    {{- ' union all ' if not loop.last }}
{% endfor %}
{% endtest %}
