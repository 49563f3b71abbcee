-- The cash that is expected on what is open today, for those who may not see single patients:
-- facilities and payers with too few people stand merged. What is open stands in
-- mart_aging_scorecard.
with

members as (

    select
        claims.claim_key,
        members.person_key

    from {{ ref('int_claim__enriched') }} as claims

    left join {{ ref('int_person__members') }} as members
        on claims.patient_key = members.patient_key

),

open_claims as (

    select
        balances.facility_key,
        balances.payer_key,
        members.person_key

    from {{ ref('int_receivable__month_end') }} as balances

    inner join {{ ref('int_date__report_days') }} as days
        on balances.balance_month = days.report_month
        and days.is_current

    left join members
        on balances.claim_key = members.claim_key

    where balances.balance_amount > 0

),

people as (

    select
        'total' as scope,
        'none' as part_key,
        'all' as counted_as,
        person_key

    from open_claims

    union all

    select
        'facility' as scope,
        coalesce(facility_key, 'none') as part_key,
        'all' as counted_as,
        person_key

    from open_claims

    union all

    select
        'payer' as scope,
        coalesce(payer_key, 'none') as part_key,
        'all' as counted_as,
        person_key

    from open_claims

),

{{ merged_cells('parts', 'people', 'scope', 'part_key') }},

counted as (

    select
        people.scope,
        parts.is_merged,
        case when not parts.is_merged then people.part_key end as shown_part_key,
        count(distinct people.person_key) as people_count

    from people

    inner join parts
        on people.scope = parts.group_key
        and people.part_key = parts.cell_key

    group by
        people.scope,
        parts.is_merged,
        case when not parts.is_merged then people.part_key end

),

placed as (

    select
        forecasts.*,
        parts.is_merged as is_other,
        case when not parts.is_merged then parts.cell_key end as shown_part_key,
        case when not parts.is_merged then forecasts.facility_key end as shown_facility_key,
        case when not parts.is_merged then forecasts.payer_key end as shown_payer_key

    from {{ ref('mart_cash_forecast') }} as forecasts

    inner join parts
        on forecasts.scope = parts.group_key
        and coalesce(forecasts.facility_key, forecasts.payer_key, 'none') = parts.cell_key

    where parts.has_enough

),

summed as (

    select
        scope,
        is_other,
        shown_part_key,
        shown_facility_key,
        shown_payer_key,
        as_of_date,
        horizon_days,
        horizon_date,
        sum(forecast_amount) as forecast_amount,
        -- intervals do not add up: several together have none
        max(case when not is_other then low_amount end) as low_amount,
        max(case when not is_other then high_amount end) as high_amount

    from placed

    group by
        scope,
        is_other,
        shown_part_key,
        shown_facility_key,
        shown_payer_key,
        as_of_date,
        horizon_days,
        horizon_date

),

final as (

    select
        {{ surrogate_key([
            'summed.scope', 'summed.is_other', 'summed.shown_part_key', 'summed.horizon_days',
        ]) }} as scorecard_key,
        summed.as_of_date,
        summed.scope,
        summed.is_other,
        summed.shown_facility_key as facility_key,
        summed.shown_payer_key as payer_key,
        summed.horizon_days,
        summed.horizon_date,
        cast(counted.people_count as {{ dbt.type_bigint() }}) as people_count,
        {{ money('summed.forecast_amount') }} as forecast_amount,
        {{ money('summed.low_amount') }} as low_amount,
        {{ money('summed.high_amount') }} as high_amount

    from summed

    inner join counted
        on summed.scope = counted.scope
        and summed.is_other = counted.is_merged
        and coalesce(summed.shown_part_key, '') = coalesce(counted.shown_part_key, '')

)

select * from final
