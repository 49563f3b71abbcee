{#
    What each row of a relation adds to a KPI: its part of the numerator and of the denominator, in
    the month of a date. An amount has no denominator: give `null`.

    A part is known from the day of that date; a date that is named a month has no day, nor has what
    is given as `known_date='null'`. What is made of no claim names its record: `record_type`
    (visit, entry, cost, work or exported claim) and the column with its key. Where the numerator
    comes later than the denominator (cash for a month of service), `numerator_date` says when, and
    the two are parts of their own. What has no date is of no month, and is listed as such (rules N1,
    N2).

    `cause` says what the numerator comes of, or what it lacks (a column, or a text in quotes):
    changes are told by it too. `denominator_cause` says it of a denominator that is a part of its own.
#}
{% macro kpi_rows(
    kpi,
    relation,
    month,
    numerator='0',
    denominator='1',
    where='1 = 1',
    claim_key='claim_key',
    payer_key='payer_key',
    known_date=none,
    numerator_date=none,
    record_type=none,
    record_key=none,
    cause=none,
    denominator_cause=none
) -%}
    {%- set day = known_date or ('null' if month.endswith('_month') else month) -%}
    {%- set parts = [(numerator, denominator, day, cause)] -%}
    {%- if numerator_date -%}
        {%- set parts = [
            (numerator, '0', numerator_date, cause), ('0', denominator, day, denominator_cause),
        ] -%}
    {%- endif -%}
    {%- for part in parts -%}
    select
        cast('{{ kpi }}' as {{ dbt.type_string() }}) as kpi,
        {{ claim_key }} as claim_key,
        {{ month_start(month) }} as period_month,
        cast({{ part[2] }} as date) as known_date,
        facility_key,
        {{ payer_key }} as payer_key,
        {{ money(part[0]) }} as numerator,
        {{ money(part[1]) }} as denominator,
        {% if record_type -%}
            case
                when {{ record_key }} is not null
                    then cast('{{ record_type }}' as {{ dbt.type_string() }})
            end as record_type,
            {{ record_key }} as record_key
        {%- else -%}
            {{ null_key() }} as record_type,
            {{ null_key() }} as record_key
        {%- endif %},
        cast({{ part[3] or 'null' }} as {{ dbt.type_string() }}) as cause

    from {{ relation }}

    where {{ month }} is not null and {{ where }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor -%}
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

{#
    The value of a KPI: an amount, or numerator over denominator, to six places. Of less than nothing
    (net revenue of a month in which a small payer took back more than it was billed) nothing is a share.
#}
{% macro kpi_figure(is_amount, numerator, denominator) -%}
    case
        when {{ is_amount }} then cast({{ numerator }} as decimal(18, 6))
        when {{ denominator }} > 0
            then cast(round({{ numerator }} / {{ denominator }}, 6) as decimal(18, 6))
    end
{%- endmacro %}
