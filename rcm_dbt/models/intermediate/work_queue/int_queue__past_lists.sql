-- The lists of work as they stood at past month ends whose money has come since: bills that
-- patients owed, claims that had not been sent, and claims whose payer had been silent for too
-- long, each with what was then expected of it and with what came within days after. Denied claims
-- are tested by mart_queue_backtest. All is as it could be told on the day, but which payer is
-- asked and what the settings are.
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

test_days as (

    select * from days

    where window_end_date <= {{ as_of_date() }}

),

-- where each claim stood at the end of each month in which its ledger moved, until it moved again
month_positions as (

    select
        *,
        {{ month_start('recorded_date') }} as position_month,
        row_number() over (
            partition by claim_key, {{ month_start('recorded_date') }}
            order by recorded_date desc
        ) as lateness

    from {{ ref('int_valuation__positions') }}

),

positions as (

    select
        *,
        lead(position_month) over (partition by claim_key order by position_month)
            as next_position_month

    from month_positions

    where lateness = 1

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

balances as (

    select
        test_days.report_month,
        test_days.report_date,
        test_days.window_end_date,
        month_ends.claim_key,
        month_ends.facility_key,
        month_ends.payer_key,
        month_ends.balance_amount,
        month_ends.net_balance_amount

    from {{ ref('int_valuation__month_end') }} as month_ends

    inner join test_days
        on month_ends.balance_date = test_days.report_date

    where month_ends.balance_amount > 0

),

standing as (

    select
        balances.*,
        claims.source_system,
        claims.service_date,
        positions.is_self_pay,
        positions.is_answered,
        positions.patient_open_amount,
        positions.denied_open_amount,
        positions.undecided_open_amount,
        case
            when positions.is_self_pay then positions.charge_amount
            else positions.patient_share_amount
        end as bill_amount,
        case
            when claims.first_submitted_date <= balances.report_date
                then claims.first_submitted_date
        end as sent_date,
        case when claims.last_ack_date <= balances.report_date then claims.last_ack_date end
            as acknowledged_date

    from balances

    inner join positions
        on balances.claim_key = positions.claim_key
        and balances.report_month >= positions.position_month
        and balances.report_month < {{ or_open_end('positions.next_position_month') }}

    inner join claims
        on balances.claim_key = claims.claim_key

),

stepped as (

    select
        *,
        case
            when denied_open_amount > 0 then null
            when is_self_pay or (is_answered and undecided_open_amount = 0) then 'bill patient'
            when is_answered then null
            when sent_date is null then 'submit claim'
            when
                {{ days_between('coalesce(acknowledged_date, sent_date)', 'report_date') }}
                > {{ setting('silent_days') }}
                then 'follow up with the payer'
        end as action

    from standing

),

patient_odds as (

    select * from {{ ref('int_queue__patient_odds') }}

),

odds as (

    select * from {{ ref('int_denial__factor_odds') }}

),

valued as (

    select
        stepped.*,
        work_actions.worklist,
        work_actions.work_minutes,
        {{ money(
            "case when stepped.action = 'bill patient'"
            ' then coalesce(patient_odds.collection_odds, 0.5) * stepped.balance_amount'
            ' else (1 - coalesce(base.relative_odds * coalesce(of_payer.relative_odds, 1), 0))'
            ' * stepped.net_balance_amount end - work_actions.cost_amount'
        ) }} as expected_value_amount

    from stepped

    inner join {{ ref('work_actions') }} as work_actions
        on stepped.action = work_actions.action

    left join patient_odds
        on stepped.report_date = patient_odds.report_date
        and stepped.source_system = patient_odds.source_system
        and stepped.is_self_pay = patient_odds.is_self_pay
        and {{ bill_size('stepped.bill_amount') }} = patient_odds.bill_size
        and {{ bill_age(days_between('stepped.service_date', 'stepped.report_date')) }}
        = patient_odds.bill_age

    left join odds as base
        on stepped.report_month = base.scored_month
        and base.factor = 'all'
        and base.claim_count >= {{ kpi_parameter('history_claims') }}

    left join odds as of_payer
        on stepped.report_month = of_payer.scored_month
        and of_payer.factor = 'payer'
        and stepped.payer_key = of_payer.factor_value

),

cash as (

    select
        entries.claim_key,
        entries.recorded_date,
        entries.cash_amount,
        event_types.measure_class

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where entries.cash_amount <> 0

),

recoveries as (

    select
        valued.claim_key,
        valued.report_date,
        sum(cash.cash_amount) as recovered_amount

    from valued

    inner join cash
        on valued.claim_key = cash.claim_key
        and valued.report_date < cash.recorded_date
        and valued.window_end_date >= cash.recorded_date

    where valued.action <> 'bill patient' or cash.measure_class = 'patient_cash'

    group by
        valued.claim_key,
        valued.report_date

),

final as (

    select
        valued.claim_key,
        valued.report_date,
        valued.facility_key,
        valued.worklist,
        valued.service_date,
        valued.balance_amount as open_amount,
        valued.expected_value_amount,
        valued.work_minutes,
        {{ money('coalesce(recoveries.recovered_amount, 0)') }} as recovered_amount

    from valued

    left join recoveries
        on valued.claim_key = recoveries.claim_key
        and valued.report_date = recoveries.report_date

)

select * from final
