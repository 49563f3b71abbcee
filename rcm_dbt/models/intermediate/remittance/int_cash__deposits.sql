-- Every bank deposit with the payments that it pays. A deposit pays the payments of its trace
-- number (leading zeros aside) at its facility, or at another of the same hospital by whose account
-- they are paid; where several payers use the number, those of the payer that it names, else those
-- of its amount. A card pays under another number, less a fee. A deposit without a number pays the
-- one payment of its payer, amount and days, where no other deposit could be it (R6). One that is
-- all that its payer dates of a day, or of days that follow each other, may hold those payments:
-- nobody is told so, but their cash counts once. What someone decided goes before all of it.
with

deposits as (

    select
        {{ surrogate_key(["'deposit'", 'deposit_id']) }} as deposit_key,
        {{ foreign_key(["'operations'", 'facility_id']) }} as facility_key,
        {{ trace_key('trace_number') }} as trace_key,
        -- a bank without one writes nothing, zeros or a word
        coalesce(translate(trace_number, '123456789', '') = trace_number, true) as has_no_number,
        upper(payer_name) as deposit_name,
        *

    from {{ ref('stg_treasury__bank_deposits') }}

),

facilities as (

    select
        facility_key,
        source_system

    from {{ ref('int_facility__current') }}

),

payer_names as (

    select
        upper(names.payer_name) as deposit_name,
        identifiers.payer_key,
        true as is_listed

    from {{ ref('stg_operations__payers') }} as names

    inner join {{ ref('int_payer__identifiers') }} as identifiers
        on names.payer_id = identifiers.payer_id
        and identifiers.source_system = 'operations'

    union all

    select
        upper(payer_name) as deposit_name,
        payer_key,
        false as is_listed

    from {{ ref('int_payer__current') }}

    where not is_listed

),

payers as (

    select
        *,
        row_number() over (
            partition by deposit_name order by is_listed desc, payer_key asc
        ) as name_rank

    from payer_names

),

named as (

    select
        deposits.*,
        facilities.source_system as claim_source_system,
        payers.payer_key,
        coalesce(payers.is_listed, false) as is_listed_payer,
        coalesce(kinds.paid_by, 'unknown') as paid_by

    from deposits

    left join facilities
        on deposits.facility_key = facilities.facility_key

    left join payers
        on deposits.deposit_name = payers.deposit_name
        and payers.name_rank = 1

    left join {{ ref('bank_deposit_names') }} as kinds
        on deposits.deposit_name = kinds.deposit_name

),

by_hand as (

    select
        named.deposit_key,
        min(payments.payment_group_key) as payment_group_key,
        min(
            case
                when payments.recorded_date > hand_matches.effective_date
                    then payments.recorded_date
                else hand_matches.effective_date
            end
        ) as recorded_date

    from named

    inner join {{ ref('int_cash__hand_matches') }} as hand_matches
        on named.deposit_id = hand_matches.deposit_id
        and hand_matches.is_matched

    inner join {{ ref('int_cash__remit_payments') }} as payments
        on hand_matches.remit_payment_key = payments.remit_payment_key

    group by named.deposit_key

),

payment_groups as (

    select
        payment_group_key,
        facility_key,
        claim_source_system,
        payer_key,
        trace_key,
        min(payment_date) as payment_date,
        min(recorded_date) as recorded_date,
        sum(payment_amount) as group_amount,
        max(case when is_card then 1 else 0 end) = 1 as is_card

    from {{ ref('int_cash__remit_payments') }}

    where not is_matched_by_hand

    group by
        payment_group_key,
        facility_key,
        claim_source_system,
        payer_key,
        trace_key

),

listed_payers as (

    select distinct payer_key

    from payer_names

    where is_listed

),

candidates as (

    select
        named.deposit_key,
        payment_groups.payment_group_key,
        payment_groups.recorded_date,
        named.facility_key = payment_groups.facility_key as is_same_facility,
        coalesce(named.payer_key = payment_groups.payer_key, false) as is_same_payer,
        named.deposit_amount = payment_groups.group_amount as is_same_amount,
        named.is_listed_payer and listed_payers.payer_key is not null as is_listed_on_both_sides

    from named

    inner join payment_groups
        on named.trace_key = payment_groups.trace_key
        and (
            named.facility_key = payment_groups.facility_key
            or named.claim_source_system = payment_groups.claim_source_system
        )

    left join listed_payers
        on payment_groups.payer_key = listed_payers.payer_key

    where named.deposit_key not in (select by_hand.deposit_key from by_hand)

),

ranked_candidates as (

    select
        *,
        row_number() over (
            partition by deposit_key
            order by
                is_same_facility desc,
                is_same_payer desc,
                is_same_amount desc,
                payment_group_key asc
        ) as candidate_rank,
        count(*) over (partition by deposit_key) as candidate_count

    from candidates

    -- another payer's money under the same number; physicians may use their hospital's account
    where
        is_same_payer
        or is_same_amount
        or (is_same_facility and not is_listed_on_both_sides)

),

by_trace as (

    select
        deposit_key,
        payment_group_key,
        recorded_date

    from ranked_candidates

    where candidate_rank = 1 and (candidate_count = 1 or is_same_payer or is_same_amount)

),

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R5'

),

card_candidates as (

    select
        named.deposit_key,
        payment_groups.payment_group_key,
        payment_groups.recorded_date,
        count(*) over (partition by named.deposit_key) as payments_of_deposit,
        count(*) over (partition by payment_groups.payment_group_key) as deposits_of_payment

    from payment_groups

    cross join windows

    inner join named
        on payment_groups.facility_key = named.facility_key
        and payment_groups.payment_date <= named.deposit_date
        and {{ days_between('payment_groups.payment_date', 'named.deposit_date') }}
        <= windows.window_days
        and {{ is_card_amount('payment_groups.group_amount', 'named.deposit_amount') }}

    where
        payment_groups.is_card
        and named.payer_key is null
        and named.paid_by = 'unknown'
        and named.deposit_key not in (select by_hand.deposit_key from by_hand)
        and named.deposit_key not in (select by_trace.deposit_key from by_trace)
        and payment_groups.payment_group_key not in (
            select by_trace.payment_group_key from by_trace
        )

),

cards as (

    select
        deposit_key,
        payment_group_key,
        recorded_date

    from card_candidates

    -- one of each: what could be several is nobody's guess
    where payments_of_deposit = 1 and deposits_of_payment = 1

),

matched as (

    select
        deposit_key,
        payment_group_key

    from by_hand

    union all

    select
        deposit_key,
        payment_group_key

    from by_trace

    union all

    select
        deposit_key,
        payment_group_key

    from cards

),

-- what someone took back is not guessed again
refused as (

    select
        hand_refusals.deposit_id,
        payments.payment_group_key

    from {{ ref('int_cash__hand_matches') }} as hand_refusals

    inner join {{ ref('int_cash__remit_payments') }} as payments
        on hand_refusals.remit_payment_key = payments.remit_payment_key

    where not hand_refusals.is_matched

    group by
        hand_refusals.deposit_id,
        payments.payment_group_key

),

day_windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'R6'

),

-- deposits and payments of the same amount, payer and days of which neither has a match
day_candidates as (

    select
        named.deposit_key,
        payment_groups.payment_group_key,
        payment_groups.recorded_date,
        row_number() over (
            partition by named.deposit_key
            order by payment_groups.payment_date, payment_groups.payment_group_key
        ) as payment_rank,
        row_number() over (
            partition by payment_groups.payment_group_key
            order by named.deposit_date, named.deposit_id
        ) as deposit_rank,
        count(*) over (partition by named.deposit_key) as payments_of_deposit,
        count(*) over (partition by payment_groups.payment_group_key) as deposits_of_payment

    from named

    cross join day_windows

    inner join payment_groups
        on named.facility_key = payment_groups.facility_key
        and named.deposit_amount = payment_groups.group_amount
        and {{ days_between('payment_groups.payment_date', 'named.deposit_date') }}
        between -day_windows.window_days and day_windows.window_days

    left join matched as matched_deposits
        on named.deposit_key = matched_deposits.deposit_key

    left join matched as matched_payments
        on payment_groups.payment_group_key = matched_payments.payment_group_key

    left join refused
        on named.deposit_id = refused.deposit_id
        and payment_groups.payment_group_key = refused.payment_group_key

    where
        named.has_no_number
        and named.deposit_amount <> 0
        and (
            named.payer_key = payment_groups.payer_key
            or (named.payer_key is null and named.paid_by = 'unknown')
        )
        and matched_deposits.deposit_key is null
        and matched_payments.payment_group_key is null
        and refused.deposit_id is null

),

-- of several that are alike, the first is proposed for the first: which of them it is does not
-- matter to the cash, and only someone who knows the bank can say
proposals as (

    select
        deposit_key,
        min(payment_group_key) as payment_group_key,
        min(recorded_date) as recorded_date,
        min(payments_of_deposit) as payments_of_deposit,
        min(deposits_of_payment) as deposits_of_payment

    from day_candidates

    where payment_rank = deposit_rank

    group by deposit_key

),

-- several checks of a payer may come in one deposit, under a number of the bank
daily_totals as (

    select
        payment_groups.facility_key,
        payment_groups.payer_key,
        payment_groups.payment_date,
        count(*) as payment_count,
        sum(payment_groups.group_amount) as total_amount,
        max(payment_groups.recorded_date) as recorded_date

    from payment_groups

    left join matched
        on payment_groups.payment_group_key = matched.payment_group_key

    where matched.payment_group_key is null

    group by
        payment_groups.facility_key,
        payment_groups.payer_key,
        payment_groups.payment_date

),

-- of one day or of several that follow each other
run_totals as (

    select
        first_days.facility_key,
        first_days.payer_key,
        first_days.payment_date as first_date,
        last_days.payment_date,
        sum(days.payment_count) as payment_count,
        sum(days.total_amount) as total_amount,
        max(days.recorded_date) as recorded_date

    from daily_totals as first_days

    cross join day_windows

    inner join daily_totals as last_days
        on first_days.facility_key = last_days.facility_key
        and first_days.payer_key = last_days.payer_key
        and {{ days_between('first_days.payment_date', 'last_days.payment_date') }}
        between 0 and day_windows.window_days

    inner join daily_totals as days
        on first_days.facility_key = days.facility_key
        and first_days.payer_key = days.payer_key
        and first_days.payment_date <= days.payment_date
        and last_days.payment_date >= days.payment_date

    group by
        first_days.facility_key,
        first_days.payer_key,
        first_days.payment_date,
        last_days.payment_date

    having sum(days.payment_count) > 1

),

total_candidates as (

    select
        named.deposit_key,
        run_totals.recorded_date,
        run_totals.payment_count,
        row_number() over (
            partition by named.deposit_key
            order by run_totals.payment_date desc, run_totals.first_date desc
        ) as total_rank,
        row_number() over (
            partition by
                run_totals.facility_key,
                run_totals.payer_key,
                run_totals.first_date,
                run_totals.payment_date
            order by named.deposit_date, named.deposit_id
        ) as deposit_rank

    from named

    cross join day_windows

    inner join run_totals
        on named.facility_key = run_totals.facility_key
        and named.payer_key = run_totals.payer_key
        and named.deposit_amount = run_totals.total_amount
        and {{ days_between('run_totals.payment_date', 'named.deposit_date') }}
        between 0 and day_windows.window_days

    left join matched
        on named.deposit_key = matched.deposit_key

    where matched.deposit_key is null

),

totals as (

    select
        deposit_key,
        recorded_date,
        payment_count

    from total_candidates

    where total_rank = 1 and deposit_rank = 1

),

matches as (

    select
        deposit_key,
        payment_group_key,
        recorded_date,
        'by hand' as match_method

    from by_hand

    union all

    select
        deposit_key,
        payment_group_key,
        recorded_date,
        'trace number' as match_method

    from by_trace

    union all

    select
        deposit_key,
        payment_group_key,
        recorded_date,
        'card less a fee' as match_method

    from cards

    union all

    select
        deposit_key,
        payment_group_key,
        recorded_date,
        'amount and days' as match_method

    from proposals

    where payments_of_deposit = 1 and deposits_of_payment = 1

),

final as (

    select
        named.deposit_key,
        named.source_system,
        named.claim_source_system,
        named.deposit_id,
        named.facility_key,
        named.payer_key,
        named.paid_by,
        named.trace_number,
        named.trace_key,
        named.deposit_amount,
        named.deposit_date,
        named.recorded_date,
        matches.payment_group_key,
        matches.match_method,
        matches.recorded_date as remitted_date,
        coalesce(proposals.recorded_date, totals.recorded_date) as proposed_date,
        case
            when matches.deposit_key is null
                then coalesce(proposals.payments_of_deposit, totals.payment_count)
        end as proposed_payment_count,
        named._source_file,
        named._source_position

    from named

    left join matches
        on named.deposit_key = matches.deposit_key

    left join proposals
        on named.deposit_key = proposals.deposit_key

    left join totals
        on named.deposit_key = totals.deposit_key

)

select * from final
