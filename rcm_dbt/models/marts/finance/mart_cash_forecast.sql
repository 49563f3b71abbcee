-- What is open today and what of it is expected as cash in the next 30, 60 and 90 days, in total,
-- by facility (in Synthea: organization) and by payer, with the interval that past errors give.
with

results as (

    select results.*

    from {{ ref('int_forecast__bounded') }} as results

    inner join {{ ref('int_date__report_days') }} as days
        on results.report_date = days.report_date
        and days.is_current

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

final as (

    select
        results.report_date as as_of_date,
        results.scope,
        results.facility_key,
        facilities.facility_name,
        results.payer_key,
        payers.payer_name,
        results.horizon_days,
        results.horizon_date,
        results.claim_count as open_claim_count,
        results.open_amount as outstanding_amount,
        results.forecast_amount,
        results.low_amount,
        results.high_amount

    from results

    left join facilities
        on results.facility_key = facilities.facility_key

    left join payers
        on results.payer_key = payers.payer_key

)

select * from final
