-- KPIs from the service to the bill: how fast charges are posted, and what waits for a bill.
{{ config(materialized='view') }}
with

charge_lines as (

    select
        charges.claim_key,
        headers.facility_key,
        headers.payer_key,
        headers.encounter_key,
        charges.recorded_date as posted_date,
        {{ days_between('charges.service_date', 'charges.recorded_date') }} as lag_days,  -- noqa: LT05
        charges.amount as charge_amount

    from {{ ref('int_transaction__current') }} as charges

    inner join {{ ref('int_claim__headers') }} as headers
        on charges.claim_key = headers.claim_key

    where charges.event_type = 'CHARGE' and charges.amount <> 0

),

discharges as (

    select * from {{ ref('int_encounter__status') }}

    where discharge_date is not null

),

submissions as (

    select
        claim_key,
        min(recorded_date) as first_submitted_date

    from {{ ref('int_claim__submissions') }}

    group by claim_key

),

-- a hospital whose claim files are not received cannot be told to have sent nothing
sending_systems as (

    select distinct claim_source_system

    from {{ ref('int_claim__submissions') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

months as (

    select distinct
        month_start_date,
        least({{ dbt.last_day('month_start_date', 'month') }}, {{ as_of_date() }}) as month_end_date

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

-- from the end of the visit to the posting of the charge it is not billed; from there to the first
-- 837 it is billed and not submitted, unless the patient pays alone
waits as (

    select
        charge_lines.facility_key,
        charge_lines.payer_key,
        charge_lines.charge_amount,
        'unbilled' as wait,
        discharges.discharge_date as from_date,
        charge_lines.posted_date as to_date

    from charge_lines

    inner join discharges
        on charge_lines.encounter_key = discharges.encounter_key

    union all

    select
        charge_lines.facility_key,
        charge_lines.payer_key,
        charge_lines.charge_amount,
        'unsubmitted' as wait,
        charge_lines.posted_date as from_date,
        submissions.first_submitted_date as to_date

    from charge_lines

    inner join {{ ref('int_claim__headers') }} as headers
        on charge_lines.claim_key = headers.claim_key

    inner join sending_systems
        on headers.source_system = sending_systems.claim_source_system

    left join submissions
        on charge_lines.claim_key = submissions.claim_key

    left join payers
        on charge_lines.payer_key = payers.payer_key

    where coalesce(payers.payer_class, 'Unknown') <> 'Self-pay'

),

-- few days and many accounts: summed before they are spread over months
sums as (

    select
        facility_key,
        payer_key,
        wait,
        from_date,
        to_date,
        sum(charge_amount) as charge_amount

    from waits

    group by
        facility_key,
        payer_key,
        wait,
        from_date,
        to_date

),

-- a wait of more than a year is no wait but a loss, and shows as unbilled in its own report: twelve
-- month ends are enough, and keep this join small
waiting as (

    {% for months_later in range(13) -%}
        select
            facility_key,
            payer_key,
            wait,
            charge_amount,
            from_date,
            to_date,
            {{ month_start(dbt.dateadd('month', months_later, 'from_date')) }} as balance_month

        from sums
        {% if not loop.last %}
            union all

        {% endif %}
    {%- endfor %}

),

month_ends as (

    select
        months.month_start_date as balance_month,
        waiting.facility_key,
        waiting.payer_key,
        {{ sum_where('waiting.charge_amount', "waiting.wait = 'unbilled'") }} as unbilled_amount,
        {{ sum_where('waiting.charge_amount', "waiting.wait = 'unsubmitted'") }}
            as unsubmitted_amount

    from waiting

    inner join months
        on waiting.balance_month = months.month_start_date

    where
        waiting.from_date <= months.month_end_date
        and (waiting.to_date is null or waiting.to_date > months.month_end_date)

    group by
        months.month_start_date,
        waiting.facility_key,
        waiting.payer_key

),

dollar_days as (

    select
        balance_month,
        facility_key,
        payer_key,
        unbilled_amount * {{ window_days('balance_month') }} as unbilled_dollar_days,
        unsubmitted_amount * {{ window_days('balance_month') }} as unsubmitted_dollar_days,
        {{ money(0) }} as window_gross_amount

    from month_ends

    union all

    select
        revenue_month as balance_month,
        facility_key,
        payer_key,
        {{ money(0) }} as unbilled_dollar_days,
        {{ money(0) }} as unsubmitted_dollar_days,
        window_gross_amount

    from {{ ref('int_kpi__revenue') }}

    where facility_key in (select charge_lines.facility_key from charge_lines)

),

final as (

    {{ kpi_rows('charge_lag_days', 'charge_lines', 'posted_date', numerator='lag_days') }}

    union all

    {{ kpi_rows(
        'late_charge_rate', 'charge_lines', 'posted_date',
        numerator='case when lag_days > ' ~ kpi_parameter('late_charge_days')
        ~ ' then charge_amount else 0 end',
        denominator='charge_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dnfb_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unbilled_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'fbns_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unsubmitted_dollar_days', denominator='window_gross_amount'
    ) }}

    union all

    {{ kpi_rows(
        'dnsp_days', 'dollar_days', 'balance_month', claim_key=null_key(),
        numerator='unbilled_dollar_days + unsubmitted_dollar_days',
        denominator='window_gross_amount'
    ) }}

)

select * from final
