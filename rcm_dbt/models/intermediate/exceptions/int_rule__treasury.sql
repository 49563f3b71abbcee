-- What the bank received less of, more of, or not at all (R1, R2), or without a remittance (R3,
-- R4), what a card processor kept (R5), which deposit without a number pays what (R6), what stands
-- at a hospital that no list has (R7), what the ledger booked after the close of its month (G1),
-- and dates of all of them that cannot be true (F1).
with

deposit_windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R3'

),

unapplied_deposits as (

    select
        deposits.*,
        deposit_windows.window_days

    from {{ ref('int_cash__unapplied_deposits') }} as deposits

    cross join deposit_windows

),

nameless_windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R4'

),

remitted_facilities as (

    select distinct facility_key

    from {{ ref('int_cash__remit_payments') }}

),

-- nobody whom a list knows paid it, and no remittance explains it: a lockbox, a card, a sweep
nameless_deposits as (

    select
        deposits.*,
        nameless_windows.window_days

    from {{ ref('int_cash__deposits') }} as deposits

    cross join nameless_windows

    inner join remitted_facilities
        on deposits.facility_key = remitted_facilities.facility_key

    where
        deposits.payer_key is null
        and deposits.paid_by = 'unknown'
        and deposits.deposit_amount <> 0
        and (
            deposits.remitted_date is null
            or {{ days_between('deposits.deposit_date', 'deposits.remitted_date') }}
            > nameless_windows.window_days
        )

),

windows as (

    select window_days as close_day

    from {{ ref('rules') }}

    where rule_id = 'G1'

),

reconciled as (

    select * from {{ ref('int_cash__reconciliation') }}

    where deposit_status = 'unmatched'

),

postings as (

    select
        *,
        {{ month_start(dbt.dateadd('month', 1, 'accounting_period')) }} as next_month

    from {{ ref('stg_treasury__gl_postings') }}

),

short_deposits as (

    select
        {{ finding(
            "'R1'",
            "'payment'",
            'reconciled.trace_number',
            'reconciled',
            amount='reconciled.remitted_amount - reconciled.deposited_amount',
            found_date='reconciled.deposit_date',
            facility_key='reconciled.facility_key',
            payer_key='reconciled.payer_key',
        ) }}

    from reconciled

    where reconciled.deposited_amount is not null and not reconciled.is_less_a_fee

),

card_fees as (

    select
        {{ finding(
            "'R5'",
            "'payment'",
            'reconciled.trace_number',
            'reconciled',
            amount='reconciled.remitted_amount - reconciled.deposited_amount',
            found_date='reconciled.deposit_date',
            facility_key='reconciled.facility_key',
            payer_key='reconciled.payer_key',
        ) }}

    from reconciled

    where reconciled.is_less_a_fee

),

missing_deposits as (

    select
        {{ finding(
            "'R2'",
            "'payment'",
            'reconciled.trace_number',
            'reconciled',
            amount='reconciled.remitted_amount',
            found_date=dbt.dateadd('day', 'reconciled.window_days + 1', 'reconciled.payment_date'),
            facility_key='reconciled.facility_key',
            payer_key='reconciled.payer_key',
        ) }}

    from reconciled

    where reconciled.deposited_amount is null

),

unexplained_deposits as (

    select
        {{ finding(
            "'R3'",
            "'deposit'",
            'unapplied_deposits.deposit_id',
            'unapplied_deposits',
            amount='unapplied_deposits.deposit_amount',
            found_date=dbt.dateadd(
                'day', 'unapplied_deposits.window_days + 1', 'unapplied_deposits.deposit_date'
            ),
            facility_key='unapplied_deposits.facility_key',
            payer_key='unapplied_deposits.payer_key',
            resolved_date='case when unapplied_deposits.proposed_payment_count is null'
            ~ ' then unapplied_deposits.applied_date end',
            detail='case when unapplied_deposits.proposed_payment_count is not null then '
            ~ dbt.concat([
                "'payments of its payer and days that it may be, or hold together: '",
                'cast(unapplied_deposits.proposed_payment_count as ' ~ dbt.type_string() ~ ')',
            ]) ~ ' end',
        ) }}

    from unapplied_deposits

    where
        {{ days_between('unapplied_deposits.deposit_date', as_of_date()) }}  -- noqa: LT05
        > unapplied_deposits.window_days
        and (
            unapplied_deposits.applied_date is null
            or unapplied_deposits.proposed_payment_count is not null
            or {{ days_between(
                'unapplied_deposits.deposit_date', 'unapplied_deposits.applied_date'
            ) }} > unapplied_deposits.window_days
        )

),

deposits_of_nobody_known as (

    select
        {{ finding(
            "'R4'",
            "'deposit'",
            'nameless_deposits.deposit_id',
            'nameless_deposits',
            amount='nameless_deposits.deposit_amount',
            found_date=dbt.dateadd(
                'day', 'nameless_deposits.window_days + 1', 'nameless_deposits.deposit_date'
            ),
            facility_key='nameless_deposits.facility_key',
            resolved_date='nameless_deposits.remitted_date',
        ) }}

    from nameless_deposits

    where
        {{ days_between('nameless_deposits.deposit_date', as_of_date()) }}  -- noqa: LT05
        > nameless_deposits.window_days

),

-- no payment is looked for at a hospital that nobody knows
deposits_of_unlisted_hospitals as (

    select
        {{ finding(
            "'R7'",
            "'deposit'",
            'deposits.deposit_id',
            'deposits',
            amount='deposits.deposit_amount',
            facility_key=foreign_key(["'operations'", 'deposits.facility_id']),
        ) }}

    from {{ ref('stg_treasury__bank_deposits') }} as deposits

    left join {{ ref('stg_operations__facilities') }} as facilities
        on deposits.facility_id = facilities.facility_id

    where facilities.facility_id is null

),

postings_of_unlisted_hospitals as (

    select
        {{ finding(
            "'R7'",
            "'ledger posting'",
            'postings.gl_id',
            'postings',
            amount='postings.posting_amount',
            facility_key=foreign_key(["'operations'", 'postings.facility_id']),
        ) }}

    from postings

    left join {{ ref('stg_operations__facilities') }} as facilities
        on postings.facility_id = facilities.facility_id

    where facilities.facility_id is null

),

told_by_amount as (

    select
        {{ finding(
            "'R6'",
            "'deposit'",
            'deposits.deposit_id',
            'deposits',
            amount='deposits.deposit_amount',
            found_date='case when deposits.remitted_date > deposits.recorded_date'
            ~ ' then deposits.remitted_date else deposits.recorded_date end',
            facility_key='deposits.facility_key',
            payer_key='deposits.payer_key',
        ) }}

    from {{ ref('int_cash__deposits') }} as deposits

    where deposits.match_method = 'amount and days'

),

late_postings as (

    select
        {{ finding(
            "'G1'",
            "'ledger posting'",
            'postings.gl_id',
            'postings',
            amount='postings.posting_amount',
            facility_key=surrogate_key(["'operations'", 'postings.facility_id']),
        ) }}

    from postings

    cross join windows

    where {{ days_between('postings.next_month', 'postings.posting_date') }} >= windows.close_day  -- noqa: LT05

),

falsely_dated_deposits as (

    select
        {{ finding(
            "'F1'",
            "'deposit'",
            'deposits.deposit_id',
            'deposits',
            amount='deposits.deposit_amount',
            facility_key=foreign_key(["'operations'", 'deposits.facility_id']),
        ) }}

    from {{ ref('stg_treasury__bank_deposits') }} as deposits

    where deposits.has_false_date

),

falsely_dated_postings as (

    select
        {{ finding(
            "'F1'",
            "'ledger posting'",
            'postings.gl_id',
            'postings',
            amount='postings.posting_amount',
            facility_key=foreign_key(["'operations'", 'postings.facility_id']),
        ) }}

    from postings

    where postings.has_false_date

),

costs_of_no_month as (

    select
        {{ finding(
            "'F1'",
            "'cost'",
            'costs.facility_id',
            'costs',
            amount='costs.cost_amount',
            facility_key=foreign_key(["'operations'", 'costs.facility_id']),
            detail="'its month cannot be true: it counts in none'",
        ) }}

    from {{ ref('stg_operations__facility_costs') }} as costs

    where costs.cost_month is null

),

final as (

    select * from short_deposits
    union all
    select * from missing_deposits
    union all
    select * from unexplained_deposits
    union all
    select * from deposits_of_nobody_known
    union all
    select * from deposits_of_unlisted_hospitals
    union all
    select * from postings_of_unlisted_hospitals
    union all
    select * from card_fees
    union all
    select * from told_by_amount
    union all
    select * from late_postings
    union all
    select * from falsely_dated_deposits
    union all
    select * from falsely_dated_postings
    union all
    select * from costs_of_no_month

)

select * from final
