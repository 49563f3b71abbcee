-- The balance of each claim at each month end (at the as-of date in the current month), for as
-- long as it is not zero, from what could be known by then: history stays as it was.
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_ledger__entries',
    'int_claim__submissions',
]}) }}
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

discharges as (

    select * from {{ ref('int_encounter__status') }}

),

months as (

    select distinct month_start_date

    from {{ ref('int_date__days') }}

    where month_start_date <= {{ as_of_date() }}

),

-- what moves a balance, and what moves the date of the last bill
events as (

    select
        claim_key,
        recorded_date,
        ar_amount,
        cast(null as date) as billed_date

    from {{ ref('int_ledger__entries') }}

    where claim_key is not null

    union all

    select
        claim_key,
        recorded_date,
        {{ money(0) }} as ar_amount,
        submitted_date as billed_date

    from {{ ref('int_claim__submissions') }}

),

changes as (

    select
        claim_key,
        {{ month_start('recorded_date') }} as change_month,
        sum(ar_amount) as change_amount,
        max(billed_date) as billed_date

    from events

    group by
        claim_key,
        {{ month_start('recorded_date') }}

),

balances as (

    select
        claim_key,
        change_month,
        sum(change_amount) over (
            partition by claim_key
            order by change_month
            rows between unbounded preceding and current row
        ) as balance_amount,
        max(billed_date) over (
            partition by claim_key
            order by change_month
            rows between unbounded preceding and current row
        ) as last_billed_date,
        lead(change_month) over (partition by claim_key order by change_month) as next_change_month

    from changes

),

month_ends as (

    select
        month_start_date,
        case
            when {{ dbt.last_day('month_start_date', 'month') }} > {{ as_of_date() }}
                then {{ as_of_date() }}
            else {{ dbt.last_day('month_start_date', 'month') }}
        end as balance_date

    from months

),

final as (

    select
        balances.claim_key,
        headers.facility_key,
        headers.payer_key,
        month_ends.month_start_date as balance_month,
        month_ends.balance_date,
        {{ money('balances.balance_amount') }} as balance_amount,
        {{ days_between('headers.service_date', 'month_ends.balance_date') }}  -- noqa: LT05
            as age_days,
        -- a visit that goes on, or of which no one says when it ended, counts from its start
        {{ days_between(
            'coalesce(discharges.discharge_date, headers.service_date)', 'month_ends.balance_date'
        ) }} as discharge_age_days,
        {{ days_between('balances.last_billed_date', 'month_ends.balance_date') }}
            as last_bill_age_days

    from balances

    inner join month_ends
        on balances.change_month <= month_ends.month_start_date
        and {{ or_open_end('balances.next_change_month') }} > month_ends.month_start_date

    inner join headers
        on balances.claim_key = headers.claim_key

    left join discharges
        on headers.encounter_key = discharges.encounter_key

    where balances.balance_amount <> 0

)

select * from final
