-- What each claim adds to each KPI. A KPI is the sum of these rows and nothing else, so that a cell
-- of the report and the claims behind it cannot differ. Where a KPI is not made of claims (visits,
-- costs, work, days of revenue), the rows have none, and name the record where there is one.
with

families as (

    {% set families = [
        'front_end', 'charge_capture', 'denials', 'collections', 'receivables', 'contracts',
        'productivity', 'reference',
    ] -%}
    {% for family in families -%}
        select * from {{ ref('int_kpi__' ~ family) }}
        {% if not loop.last -%}
            union all
        {% endif -%}
    {% endfor %}
),

final as (

    select
        kpi,
        claim_key,
        period_month,
        known_date,
        facility_key,
        payer_key,
        numerator,
        denominator,
        record_type,
        record_key,
        cause

    from families

    where numerator <> 0 or denominator <> 0

)

select * from final
