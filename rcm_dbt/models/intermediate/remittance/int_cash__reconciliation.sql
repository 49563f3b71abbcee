-- Each payment that an 835 announces, against what was posted from it, what is held in quarantine,
-- what reached the bank and what the general ledger booked. A difference is computed, never forced.
-- Where no bank tells of a payment, the books may hold it under a number that nobody knows.
with

-- a feed speaks of the hospitals that are in it, from its first day on
bank_feeds as (

    select
        facility_key,
        min(deposit_date) as first_day

    from {{ ref('int_cash__deposits') }}

    group by facility_key

),

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R2'

),

payments as (

    select
        payments.*,
        windows.window_days,
        bank_feeds.first_day as bank_feed_from,
        coalesce(
            {{ days_between('payments.payment_date', 'bank_feeds.first_day') }}
            <= windows.window_days,
            false
        ) as is_in_bank_feed

    from {{ ref('int_cash__remit_payments') }} as payments

    cross join windows

    left join bank_feeds
        on payments.facility_key = bank_feeds.facility_key

),

-- what the books may hold of it under a number that no bank tells
unbanked as (

    select
        payments.remit_payment_key,
        other_postings.card_trace_key

    from payments

    inner join {{ ref('int_cash__other_postings') }} as other_postings
        on payments.payment_group_key = other_postings.payment_group_key

    where not payments.is_in_bank_feed

),

posted as (

    select
        remit_payment_key,
        sum(paid_amount) as posted_amount

    from {{ ref('int_claim__remits') }}

    where not is_predetermination

    group by remit_payment_key

),

provider_adjustments as (

    select
        remit_payment_key,
        -sum(amount) as provider_adjustment_amount

    from {{ ref('int_cash__provider_adjustments') }}

    group by remit_payment_key

),

held as (

    select
        remit_payment_key,
        sum(dollar_amount) as quarantined_amount,
        count(*) as quarantined_claim_count,
        max(rule_id) as exception_rule_id

    from {{ ref('int_rule__held') }}

    where quarantine_level = 'claim'

    group by remit_payment_key

),

deposits as (

    select
        payment_group_key,
        min(deposit_date) as deposit_date,
        sum(deposit_amount) as deposited_amount,
        min(trace_key) as bank_trace_key,
        min(match_method) as deposit_match

    from {{ ref('int_cash__deposits') }}

    where payment_group_key is not null

    group by payment_group_key

),

-- of a deposit for several payments, what is over or missing stands with the largest
shares as (

    select
        payments.remit_payment_key,
        deposits.deposit_date,
        deposits.bank_trace_key,
        deposits.deposit_match,
        deposits.deposited_amount - sum(payments.payment_amount) over (
            partition by payments.payment_group_key
            order by payments.payment_amount, payments.remit_payment_key
            rows between unbounded preceding and current row
        ) + payments.payment_amount as amount_left,
        payments.payment_amount,
        row_number() over (
            partition by payments.payment_group_key
            order by payments.payment_amount desc, payments.remit_payment_key desc
        ) as place_from_end,
        count(*) over (partition by payments.payment_group_key) as payment_count

    from payments

    inner join deposits
        on payments.payment_group_key = deposits.payment_group_key

),

deposited as (

    select
        remit_payment_key,
        deposit_date,
        bank_trace_key,
        deposit_match,
        case
            when place_from_end = 1 then amount_left
            else least(payment_amount, amount_left)
        end as deposited_amount

    from shares

    where payment_count = 1 or amount_left > 0

),

booked as (

    select
        {{ trace_key('trace_number') }} as trace_key,
        {{ foreign_key(["'operations'", 'facility_id']) }} as facility_key,
        max(posting_date) as gl_posting_date,
        sum(posting_amount) as gl_amount

    from {{ ref('stg_treasury__gl_postings') }}

    group by
        {{ trace_key('trace_number') }},
        {{ foreign_key(["'operations'", 'facility_id']) }}

),

numbered as (

    select
        payments.remit_payment_key,
        payments.facility_key,
        coalesce(deposited.bank_trace_key, unbanked.card_trace_key, payments.trace_key)
            as trace_key,
        coalesce(deposited.deposited_amount, payments.payment_amount) as expected_amount

    from payments

    left join deposited
        on payments.remit_payment_key = deposited.remit_payment_key

    left join unbanked
        on payments.remit_payment_key = unbanked.remit_payment_key

),

-- what the books hold under a number that several payments share is compared with all of them
trace_totals as (

    select
        facility_key,
        trace_key,
        sum(expected_amount) as expected_amount

    from numbered

    group by
        facility_key,
        trace_key

),

gl_feeds as (

    select
        {{ foreign_key(["'operations'", 'facility_id']) }} as facility_key,
        min(posting_date) as first_day

    from {{ ref('stg_treasury__gl_postings') }}

    group by {{ foreign_key(["'operations'", 'facility_id']) }}

),

amounts as (

    select
        payments.remit_payment_key,
        payments.source_system,
        payments.facility_key,
        payments.payer_key,
        payments.trace_number,
        payments.payment_date,
        payments.recorded_date,
        payments.payment_amount as remitted_amount,
        coalesce(posted.posted_amount, 0) as posted_amount,
        coalesce(provider_adjustments.provider_adjustment_amount, 0) as provider_adjustment_amount,
        coalesce(held.quarantined_amount, 0) as quarantined_amount,
        coalesce(held.quarantined_claim_count, 0) as quarantined_claim_count,
        held.exception_rule_id,
        deposited.deposit_date,
        deposited.deposited_amount,
        deposited.deposit_match,
        coalesce(
            deposited.deposit_match = 'card less a fee'
            or (
                payments.is_card
                and deposited.deposited_amount < payments.payment_amount
                and {{ is_card_amount('payments.payment_amount', 'deposited.deposited_amount') }}
            ),
            false
        ) as is_less_a_fee,
        booked.gl_posting_date,
        case
            when booked.gl_amount = trace_totals.expected_amount
                then coalesce(deposited.deposited_amount, payments.payment_amount)
            else booked.gl_amount
        end as gl_amount,
        payments.bank_feed_from,
        payments.is_in_bank_feed,
        unbanked.remit_payment_key is not null as is_perhaps_booked,
        unbanked.card_trace_key is not null as is_booked_as_card,
        gl_feeds.first_day as gl_feed_from,
        -- the books of a month are restated until the end of the next
        {{ dbt.last_day(
            dbt.dateadd('month', 1, 'coalesce(deposited.deposit_date, payments.payment_date)'),
            'month'
        ) }} as gl_due_date,
        payments.window_days,
        payments._source_file,
        payments._source_position

    from payments

    inner join numbered
        on payments.remit_payment_key = numbered.remit_payment_key

    left join unbanked
        on payments.remit_payment_key = unbanked.remit_payment_key

    left join posted
        on payments.remit_payment_key = posted.remit_payment_key

    left join provider_adjustments
        on payments.remit_payment_key = provider_adjustments.remit_payment_key

    left join held
        on payments.remit_payment_key = held.remit_payment_key

    left join deposited
        on payments.remit_payment_key = deposited.remit_payment_key

    left join trace_totals
        on numbered.facility_key = trace_totals.facility_key
        and numbered.trace_key = trace_totals.trace_key

    left join booked
        on numbered.facility_key = booked.facility_key
        and numbered.trace_key = booked.trace_key

    left join gl_feeds
        on payments.facility_key = gl_feeds.facility_key

),

compared as (

    select
        *,
        remitted_amount - posted_amount - provider_adjustment_amount - quarantined_amount
            as unexplained_amount,
        case
            when remitted_amount <> posted_amount + provider_adjustment_amount + quarantined_amount
                then 'unmatched'
            when quarantined_claim_count > 0 then 'known exception'
            else 'matched'
        end as posting_status,
        case
            when deposited_amount = remitted_amount then 'matched'
            when deposited_amount is null and not is_in_bank_feed
                then 'not applicable'
            when remitted_amount = 0 then 'matched'
            when deposited_amount is null
                and {{ days_between('payment_date', as_of_date()) }} <= window_days  -- noqa: LT05
                then 'timing'
            else 'unmatched'
        end as deposit_status,
        case
            when gl_amount is null and not coalesce(gl_due_date >= gl_feed_from, false)
                then 'not applicable'
            when remitted_amount = 0 or gl_amount = coalesce(deposited_amount, remitted_amount)
                then 'matched'
            when is_booked_as_card then 'matched'
            when gl_amount is null and gl_due_date >= {{ as_of_date() }} then 'timing'
            when gl_amount is null and is_perhaps_booked then 'not applicable'
            else 'unmatched'
        end as gl_status

    from amounts

),

statuses as (

    select
        *,
        case
            when 'unmatched' in (posting_status, deposit_status, gl_status) then 'unmatched'
            when posting_status = 'known exception' then 'known exception'
            when 'timing' in (deposit_status, gl_status) then 'timing'
            else 'matched'
        end as reconciliation_status

    from compared

),

final as (

    select
        *,
        case
            when reconciliation_status = 'timing' and deposit_status = 'timing'
                then cast({{ dbt.dateadd('day', 'window_days', 'payment_date') }} as date)
            when reconciliation_status = 'timing' then cast(gl_due_date as date)
        end as due_date,
        case
            when reconciliation_status = 'unmatched'
                then {{ days_between('payment_date', as_of_date()) }}
        end as unmatched_days

    from statuses

)

select * from final
