{#
    What holds for every row of a model, in one check, as a check for each column costs more than
    its query.

    key           these columns together name one row, and none of them is empty
    distinct      these columns together name one row; any may be empty, which counts as a value
    required      never empty either
    filled        never empty, as far as sources deliver it
    values        by column: one of these, or empty
    not_negative  a count, an amount or a lag that cannot be below zero; empty is allowed
    exists        by column: a value of the column `field` of the table `in`, or empty
    foreign_keys  the same, for keys that have the name of their dimension's own

    Without a key, and where what is `required` is empty, figures would be counted twice or lost:
    these stop publication. The others speak of what sources sent, and warn. A row of the result
    names the rule that is broken, and the row by its key.
#}
{% test contract(
    model, key=[], distinct=[], required=[], filled=[], values={}, not_negative=[], exists={},
    foreign_keys=[]
) %}
    {{ config(
        fail_calc='coalesce(max(case when may_stop then 2 else 1 end), 0)',
        warn_if='> 0',
        error_if='> 1'
    ) }}
{%- if (key and distinct) or (required and not (key or distinct)) -%}
    {{ exceptions.raise_compiler_error(
        'A contract has one key, or columns that are distinct, and says what is required beside it. '
        ~ 'A second key is a unique_combination: ' ~ model
    ) }}
{%- endif -%}
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
{%- set shown = (key or distinct) | join(', ') or '*' -%}
{%- set queries = [] -%}

{%- if key or distinct -%}
    {%- set twice -%}
    select
        case
            when count(*) > 1{% for column in key %} or {{ column }} is null{% endfor %} then 'key'
            else 'required'
        end as broken_rule,
        true as may_stop,
        {{ shown }}

    from {{ model }}

    group by {{ shown }}

    having
        count(*) > 1
        {%- for column in key %}
        or {{ column }} is null
        {%- endfor %}
        {%- for column in required %}
        or count({{ column }}) < count(*)
        {%- endfor %}
    {%- endset -%}
    {%- do queries.append(twice) -%}
{%- endif -%}

{%- set broken = [] -%}
{%- for column in filled -%}
    {%- do broken.append((column ~ ' is null', 'filled:' ~ column)) -%}
{%- endfor -%}
{%- for column in values -%}
    {%- do broken.append(
        (column ~ " not in ('" ~ values[column] | join("', '") ~ "')", 'values:' ~ column)
    ) -%}
{%- endfor -%}
{%- for column in not_negative -%}
    {%- do broken.append((column ~ ' < 0', 'not_negative:' ~ column)) -%}
{%- endfor -%}
{%- if broken -%}
    {%- set rows -%}
    select
        case
            {%- for condition, rule in broken %}
            when {{ condition }} then '{{ rule }}'
            {%- endfor %}
        end as broken_rule,
        false as may_stop,
        {{ shown }}

    from {{ model }}

    where
        {%- for condition, rule in broken %}
        {{ 'or ' if not loop.first }}{{ condition }}
        {%- endfor %}
    {%- endset -%}
    {%- do queries.append(rows) -%}
{%- endif -%}

{%- set known = [] -%}
{%- for column in exists -%}
    {%- do known.append((column, exists[column]['in'], exists[column]['field'])) -%}
{%- endfor -%}
{%- for column in foreign_keys -%}
    {%- do known.append((column, ref(owners[column]), column)) -%}
{%- endfor -%}
{%- for column, table, field in known -%}
    {%- set unknown -%}
    select
        'exists:{{ column }}' as broken_rule,
        false as may_stop,
        {{ shown }}

    from {{ model }}

    where
        {{ column }} is not null
        and {{ column }} not in (select {{ field }} from {{ table }} where {{ field }} is not null)
    {%- endset -%}
    {%- do queries.append(unknown) -%}
{%- endfor -%}

    {{ queries | join('\n\n    union all\n\n    ') }}

{% endtest %}
