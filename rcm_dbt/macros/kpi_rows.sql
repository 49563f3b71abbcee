{#
    What each row of a relation adds to a KPI: its part of the numerator and of the denominator, in
    the month of a date. An amount has no denominator: give `null`.
#}
{% macro kpi_rows(
    kpi,
    relation,
    month,
    numerator='0',
    denominator='1',
    where='1 = 1',
    claim_key='claim_key',
    payer_key='payer_key'
) -%}
    select
        cast('{{ kpi }}' as {{ dbt.type_string() }}) as kpi,
        {{ claim_key }} as claim_key,
        {{ month_start(month) }} as period_month,
        facility_key,
        {{ payer_key }} as payer_key,
        {{ money(numerator) }} as numerator,
        {{ money(denominator) }} as denominator

    from {{ relation }}

    where {{ where }}
{%- endmacro %}

{# 1 where a condition holds, else 0: a part of a numerator that counts. #}
{% macro one_if(condition) -%}
    case when {{ condition }} then 1 else 0 end
{%- endmacro %}

{# A number that the reader may set: seed kpi_parameters. #}
{% macro kpi_parameter(name) -%}
    (select max(parameter_value) from {{ ref('kpi_parameters') }} where parameter = '{{ name }}')
{%- endmacro %}

{#
    Whether the whole month of a date had closed so many days before the as-of date: a half-mature
    month would look like a bad one.
#}
{% macro is_mature(date, parameter) -%}
    {{ days_between(dbt.last_day(date, 'month'), as_of_date()) }} >= {{ kpi_parameter(parameter) }}
{%- endmacro %}
