-- What is open today, what of it is expected as cash in the next 30, 60 and 90 days and what is
-- expected to be still open then: in total, by facility (in Synthea: organization), by payer and by
-- both, with the interval that past errors give.
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

measured as (

    select
        report_date,
        scope,
        facility_key,
        payer_key,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount,
        max(case when measure = 'cash' then forecast_amount end) as forecast_amount,
        max(case when measure = 'cash' then low_amount end) as low_amount,
        max(case when measure = 'cash' then high_amount end) as high_amount,
        max(case when measure = 'balance' then forecast_amount end) as balance_forecast_amount,
        max(case when measure = 'balance' then low_amount end) as balance_low_amount,
        max(case when measure = 'balance' then high_amount end) as balance_high_amount

    from results

    group by
        report_date,
        scope,
        facility_key,
        payer_key,
        horizon_days,
        horizon_date,
        claim_count,
        open_amount

),

final as (

    select
        measured.report_date as as_of_date,
        measured.scope,
        measured.facility_key,
        facilities.facility_name,
        measured.payer_key,
        payers.payer_name,
        measured.horizon_days,
        measured.horizon_date,
        measured.claim_count as open_claim_count,
        measured.open_amount as outstanding_amount,
        measured.forecast_amount,
        measured.low_amount,
        measured.high_amount,
        measured.balance_forecast_amount,
        measured.balance_low_amount,
        measured.balance_high_amount

    from measured

    left join facilities
        on measured.facility_key = facilities.facility_key

    left join payers
        on measured.payer_key = payers.payer_key

)

select * from final
