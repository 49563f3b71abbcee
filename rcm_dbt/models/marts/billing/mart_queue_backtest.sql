-- What each way of ordering denied claims would have brought in: of the claims that a payer could
-- still be moved on at a past month end, those that the hours suffice for (of a week, after which
-- the queue is put in order anew, and of a whole month), and the dollars that came in on them in
-- the window after it. Only a claim that was truly worked then
-- counts: what another one would have brought, nobody knows.
with

days as (

    select
        report_month,
        report_date,
        cast(
            {{ dbt.dateadd('day', setting('backtest_window_days'), 'report_date') }} as date
        ) as window_end_date

    from {{ ref('int_date__report_days') }}

    where not is_current

),

-- the hours that the staff of a hospital had for denials in the month that ends
month_minutes as (

    select
        source_system,
        {{ month_start('work_date') }} as work_month,
        sum(work_minutes) as work_minutes

    from {{ ref('int_denial__work') }}

    group by
        source_system,
        {{ month_start('work_date') }}

),

test_days as (

    select
        days.report_date,
        days.window_end_date,
        month_minutes.source_system,
        month_minutes.work_minutes as month_minutes,
        {{ integer_divide('month_minutes.work_minutes * 7', day_of('days.report_date')) }}
            as week_minutes

    from days

    inner join month_minutes
        on days.report_month = month_minutes.work_month

    where days.window_end_date <= {{ as_of_date() }}

),

snapshots as (

    select * from {{ ref('int_queue__snapshots') }}

),

expected_values as (

    select * from {{ ref('int_queue__expected_values') }}

),

outcomes as (

    select * from {{ ref('int_denial__outcomes') }}

),

scores as (

    select
        claim_key,
        report_date,
        sum(points) as priority_score

    from {{ ref('int_queue__points') }}

    where not is_current

    group by
        claim_key,
        report_date

),

candidates as (

    select
        test_days.report_date,
        test_days.window_end_date,
        test_days.month_minutes,
        test_days.week_minutes,
        snapshots.facility_key,
        snapshots.claim_key,
        snapshots.service_date,
        snapshots.open_amount,
        scores.priority_score,
        expected_values.expected_value_amount,
        expected_values.asked_minutes as work_minutes,
        expected_values.is_worked,
        coalesce(
            outcomes.action_date > test_days.report_date
            and outcomes.action_date <= test_days.window_end_date,
            false
        ) as is_worked_later

    from test_days

    inner join snapshots
        on test_days.report_date = snapshots.report_date
        and test_days.source_system = snapshots.source_system

    inner join expected_values
        on snapshots.claim_key = expected_values.claim_key
        and snapshots.report_date = expected_values.report_date

    inner join scores
        on snapshots.claim_key = scores.claim_key
        and snapshots.report_date = scores.report_date

    inner join outcomes
        on snapshots.claim_key = outcomes.claim_key

    -- what the payer has moved to the patient is no longer for it to decide
    where
        coalesce(outcomes.group_code, 'CO') <> 'PR'
        -- nothing can be done about what waits or is lost
        and expected_values.asked_minutes > 0

),

recoveries as (

    select
        candidates.claim_key,
        candidates.report_date,
        sum(entries.cash_amount) as recovered_amount

    from candidates

    inner join {{ ref('int_ledger__entries') }} as entries
        on candidates.claim_key = entries.claim_key
        and candidates.report_date < entries.recorded_date
        and candidates.window_end_date >= entries.recorded_date

    where candidates.is_worked_later and entries.event_type = 'PAYER_PAYMENT'

    group by
        candidates.claim_key,
        candidates.report_date

),

sets as (

    select
        'denied and open' as candidate_set,
        candidates.*

    from candidates

    union all

    select
        'not worked yet' as candidate_set,
        candidates.*

    from candidates

    where not is_worked

),

ranked as (

    select
        *,
        'expected value' as ranking,
        row_number() over (
            partition by candidate_set, facility_key, report_date
            order by expected_value_amount desc, open_amount desc, claim_key asc
        ) as place

    from sets

    union all

    select
        *,
        'priority score' as ranking,
        row_number() over (
            partition by candidate_set, facility_key, report_date
            order by priority_score desc, open_amount desc, claim_key asc
        ) as place

    from sets

    union all

    select
        *,
        'oldest first' as ranking,
        row_number() over (
            partition by candidate_set, facility_key, report_date
            order by service_date asc, open_amount desc, claim_key asc
        ) as place

    from sets

    union all

    select
        *,
        'largest first' as ranking,
        row_number() over (
            partition by candidate_set, facility_key, report_date
            order by open_amount desc, claim_key asc
        ) as place

    from sets

),

timed as (

    select
        *,
        sum(work_minutes) over (
            partition by candidate_set, facility_key, ranking, report_date
            order by place
            rows between unbounded preceding and current row
        ) as minutes_so_far

    from ranked

),

budgets as (

    select
        *,
        'one week' as budget,
        week_minutes as budget_minutes,
        minutes_so_far <= week_minutes as is_selected

    from timed

    union all

    select
        *,
        'one month' as budget,
        month_minutes as budget_minutes,
        minutes_so_far <= month_minutes as is_selected

    from timed

),

final as (

    select
        budgets.report_date,
        budgets.facility_key,
        budgets.budget,
        budgets.candidate_set,
        budgets.ranking,
        count(*) as candidate_claim_count,
        cast(min(budgets.budget_minutes) as {{ dbt.type_bigint() }}) as budget_minutes,
        cast({{ sum_where('1', 'budgets.is_selected') }} as {{ dbt.type_bigint() }})
            as selected_claim_count,
        cast(
            {{ sum_where('budgets.work_minutes', 'budgets.is_selected') }}
            as {{ dbt.type_bigint() }}
        ) as selected_minutes,
        cast(
            {{ sum_where('1', 'budgets.is_selected and budgets.is_worked_later') }}
            as {{ dbt.type_bigint() }}
        ) as worked_claim_count,
        {{ money(sum_where('coalesce(recoveries.recovered_amount, 0)', 'budgets.is_selected')) }}
            as recovered_amount

    from budgets

    left join recoveries
        on budgets.claim_key = recoveries.claim_key
        and budgets.report_date = recoveries.report_date

    group by
        budgets.report_date,
        budgets.facility_key,
        budgets.budget,
        budgets.candidate_set,
        budgets.ranking

)

select * from final
