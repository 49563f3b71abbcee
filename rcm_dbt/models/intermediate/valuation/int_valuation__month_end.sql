-- What the balance of each claim was worth at each month end (at the as-of date in the current
-- month), from what could be known by then.
with

balances as (

    select * from {{ ref('int_receivable__month_end') }}

),

changes as (

    select
        claim_key,
        {{ month_start('recorded_date') }} as change_month,
        sum(net_balance_change_amount) as change_amount

    from {{ ref('int_valuation__entries') }}

    group by
        claim_key,
        {{ month_start('recorded_date') }}

),

totals as (

    select
        claim_key,
        change_month,
        sum(change_amount) over (
            partition by claim_key
            order by change_month
            rows between unbounded preceding and current row
        ) as net_balance_amount,
        lead(change_month) over (partition by claim_key order by change_month) as next_change_month

    from changes

),

final as (

    select
        balances.claim_key,
        balances.facility_key,
        balances.payer_key,
        balances.balance_month,
        balances.balance_date,
        balances.balance_amount,
        {{ money('totals.net_balance_amount') }} as net_balance_amount

    from balances

    inner join totals
        on balances.claim_key = totals.claim_key
        and balances.balance_month >= totals.change_month
        and balances.balance_month < {{ or_open_end('totals.next_change_month') }}

)

select * from final
