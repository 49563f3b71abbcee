-- Payments without a deposit and without a posting of their number, with what the general ledger
-- booked under a number that neither a payment nor a deposit of the facility has: a card pays under
-- another number, less a fee, and a lockbox books several checks as one. Days are those on which
-- the money can have come: a posting of a restated month is of its last day at the latest.
with

settled_groups as (

    select distinct payment_group_key

    from {{ ref('int_cash__deposits') }}

    where payment_group_key is not null

),

-- a posting without a number may be of any payment, and is told of none
postings as (

    select
        {{ foreign_key(["'operations'", 'facility_id']) }} as facility_key,
        {{ trace_key('trace_number') }} as trace_key,
        sum(posting_amount) as posting_amount,
        max(
            case
                when posting_date > {{ dbt.last_day('accounting_period', 'month') }}
                    then {{ dbt.last_day('accounting_period', 'month') }}
                else posting_date
            end
        ) as booked_for_date

    from {{ ref('stg_treasury__gl_postings') }}

    where
        coalesce(gl_account, 'Cash - Payers') <> 'Cash - Patients'
        and trace_number is not null

    group by
        {{ foreign_key(["'operations'", 'facility_id']) }},
        {{ trace_key('trace_number') }}

),

payment_groups as (

    select
        payments.payment_group_key,
        payments.facility_key,
        min(payments.payment_date) as payment_date,
        sum(payments.payment_amount) as group_amount,
        max(case when payments.is_card then 1 else 0 end) = 1 as is_card

    from {{ ref('int_cash__remit_payments') }} as payments

    left join settled_groups
        on payments.payment_group_key = settled_groups.payment_group_key

    left join postings
        on payments.facility_key = postings.facility_key
        and payments.trace_key = postings.trace_key

    where
        settled_groups.payment_group_key is null
        and postings.trace_key is null

    group by
        payments.payment_group_key,
        payments.facility_key

),

numbers as (

    select
        facility_key,
        trace_key

    from {{ ref('int_cash__remit_payments') }}

    union all

    select
        facility_key,
        trace_key

    from {{ ref('int_cash__deposits') }}

),

known_numbers as (

    select distinct
        facility_key,
        trace_key

    from numbers

),

other_postings as (

    select postings.*

    from postings

    left join known_numbers
        on postings.facility_key = known_numbers.facility_key
        and postings.trace_key = known_numbers.trace_key

    where known_numbers.trace_key is null

),

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R5'

),

card_candidates as (

    select
        payment_groups.payment_group_key,
        other_postings.trace_key,
        count(*) over (partition by payment_groups.payment_group_key) as postings_of_payment,
        count(*) over (
            partition by other_postings.facility_key, other_postings.trace_key
        ) as payments_of_posting

    from payment_groups

    cross join windows

    inner join other_postings
        on payment_groups.facility_key = other_postings.facility_key
        and payment_groups.payment_date <= other_postings.booked_for_date
        and {{ days_between('payment_groups.payment_date', 'other_postings.booked_for_date') }}
        <= windows.window_days
        and {{ is_card_amount('payment_groups.group_amount', 'other_postings.posting_amount') }}

    where payment_groups.is_card

),

-- one of each: what could be several is nobody's guess
cards as (

    select
        payment_group_key,
        trace_key

    from card_candidates

    where postings_of_payment = 1 and payments_of_posting = 1

),

largest_of_days as (

    select
        facility_key,
        booked_for_date,
        max(posting_amount) as largest_amount

    from other_postings

    group by
        facility_key,
        booked_for_date

),

-- large enough to hold the payment, alone or with others
possible as (

    select distinct payment_groups.payment_group_key

    from payment_groups

    cross join windows

    inner join largest_of_days
        on payment_groups.facility_key = largest_of_days.facility_key
        and payment_groups.payment_date <= largest_of_days.booked_for_date
        and {{ days_between('payment_groups.payment_date', 'largest_of_days.booked_for_date') }}
        <= windows.window_days
        and (
            payment_groups.group_amount <= largest_of_days.largest_amount
            or (
                payment_groups.is_card
                and {{ is_card_amount(
                    'payment_groups.group_amount', 'largest_of_days.largest_amount'
                ) }}
            )
        )

),

final as (

    select
        possible.payment_group_key,
        cards.trace_key as card_trace_key

    from possible

    left join cards
        on possible.payment_group_key = cards.payment_group_key

)

select * from final
