-- Each payment that an 835 announces, against what was posted from it, what is held in quarantine,
-- what reached the bank and what the general ledger booked. A difference is computed, never forced.
with

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

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
        trace_number,
        facility_id,
        min(deposit_date) as deposit_date,
        sum(deposit_amount) as deposited_amount

    from {{ ref('stg_treasury__bank_deposits') }}

    group by
        trace_number,
        facility_id

),

booked as (

    select
        trace_number,
        facility_id,
        max(posting_date) as gl_posting_date,
        sum(posting_amount) as gl_amount

    from {{ ref('stg_treasury__gl_postings') }}

    group by
        trace_number,
        facility_id

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R2'

),

feeds as (

    select
        (select count(*) from deposits) as deposit_count,
        (select count(*) from booked) as booked_count

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
        deposits.deposit_date,
        deposits.deposited_amount,
        booked.gl_posting_date,
        booked.gl_amount,
        feeds.deposit_count > 0 as has_bank_feed,
        feeds.booked_count > 0 as has_gl_feed,
        -- the books of a month are restated until the end of the next
        {{ dbt.last_day(
            dbt.dateadd('month', 1, 'coalesce(deposits.deposit_date, payments.payment_date)'),
            'month'
        ) }} as gl_due_date,
        windows.window_days,
        payments._source_file,
        payments._source_position

    from payments

    cross join feeds

    cross join windows

    left join posted
        on payments.remit_payment_key = posted.remit_payment_key

    left join provider_adjustments
        on payments.remit_payment_key = provider_adjustments.remit_payment_key

    left join held
        on payments.remit_payment_key = held.remit_payment_key

    left join facilities
        on payments.facility_key = facilities.facility_key

    left join deposits
        on payments.trace_number = deposits.trace_number
        and facilities.facility_id = deposits.facility_id

    left join booked
        on payments.trace_number = booked.trace_number
        and facilities.facility_id = booked.facility_id

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
            when not has_bank_feed then 'not applicable'
            when remitted_amount = 0 then 'matched'
            when deposited_amount = remitted_amount then 'matched'
            when deposited_amount is null
                and {{ days_between('payment_date', as_of_date()) }} <= window_days  -- noqa: LT05
                then 'timing'
            else 'unmatched'
        end as deposit_status,
        case
            when not has_gl_feed then 'not applicable'
            when remitted_amount = 0 or gl_amount = coalesce(deposited_amount, remitted_amount)
                then 'matched'
            when gl_amount is null and gl_due_date >= {{ as_of_date() }} then 'timing'
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
