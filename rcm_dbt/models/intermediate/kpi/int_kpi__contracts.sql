-- KPIs of what payers pay against what they owe by contract.
{{ config(materialized='view') }}
with

lines as (

    select * from {{ ref('int_contract__variances') }}

    where not is_denied

),

final as (

    -- tolerated differences count for nothing; above it only what exceeds the tolerance
    {{ kpi_rows(
        'underpayment_rate', 'lines', 'recorded_date',
        numerator='case when is_underpaid then variance_amount - tolerance_amount else 0 end',
        denominator='expected_amount'
    ) }}

    union all

    {{ kpi_rows(
        'underpaid_dollars', 'lines', 'recorded_date',
        numerator='underpaid_amount', denominator='null'
    ) }}

)

select * from final
