-- What working a claim of the queue is expected to bring in: odds of success times the dollars that
-- can be recovered, less the cost of the work, while a deadline still allows it. Money that comes
-- without our work adds nothing: a claim that waits for its payer costs an enquiry and gains none.
with

snapshots as (

    select * from {{ ref('int_queue__snapshots') }}

),

days as (

    select * from {{ ref('int_date__report_days') }}

),

categories as (

    select * from {{ ref('denial_categories') }}

),

work_actions as (

    select * from {{ ref('work_actions') }}

),

deadlines as (

    select * from {{ ref('payer_deadlines') }}

),

overturn_odds as (

    select * from {{ ref('int_denial__overturn_odds') }}

),

-- what became of dollars that patients of a system owed: paid, or given up
patient_months as (

    select
        entries.source_system,
        {{ month_start('entries.recorded_date') }} as recorded_month,
        sum(entries.cash_amount) as paid_amount,
        {{ sum_where('-entries.ar_amount', "event_types.write_off_class = 'patient'") }}
            as given_up_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where
        event_types.measure_class = 'patient_cash'
        or event_types.write_off_class = 'patient'

    group by
        entries.source_system,
        {{ month_start('entries.recorded_date') }}

),

patient_odds as (

    select
        days.report_date,
        patient_months.source_system,
        cast(
            coalesce(
                sum(patient_months.paid_amount)
                / nullif(sum(patient_months.paid_amount + patient_months.given_up_amount), 0),
                0
            ) as decimal(9, 4)
        ) as collection_odds

    from days

    cross join patient_months

    where days.report_month >= patient_months.recorded_month

    group by
        days.report_date,
        patient_months.source_system

),

-- a rejected claim is worth what such claims brought once they were corrected; these stand in the
-- queue of today alone
rejection_odds as (

    select
        cast(
            coalesce(
                {{ sum_where('1.0', 'payer_paid_amount > 0') }} / nullif(count(*), 0), 0
            ) as decimal(9, 4)
        ) as payment_odds,
        cast(
            coalesce(
                sum(payer_paid_amount)
                / nullif({{ sum_where('charge_amount', 'payer_paid_amount > 0') }}, 0),
                0
            ) as decimal(9, 4)
        ) as paid_share

    from {{ ref('int_claim__enriched') }}

    where first_ack_status = 'rejected' and first_remit_date is not null

),

limits as (

    select
        snapshots.*,
        categories.default_action,
        cast(
            {{ dbt.dateadd('day', 'deadlines.filing_limit_days', 'snapshots.service_date') }}
            as date
        ) as filing_deadline,
        cast(
            {{ dbt.dateadd('day', 'deadlines.appeal_window_days', 'snapshots.denied_date') }}
            as date
        ) as appeal_deadline

    from snapshots

    left join categories
        on snapshots.denial_category = categories.category

    left join deadlines
        on snapshots.payer_class = deadlines.payer_class

),

-- what would be done next, if its deadline allows
planned as (

    select
        *,
        case
            when is_denied and group_code = 'PR' then 'bill patient'
            when is_denied and is_decided then 'write off'
            when is_denied and is_worked then 'follow up with the payer'
            when is_denied then coalesce(default_action, 'appeal')
            when claim_status = 'rejected' then 'resubmit corrected'
            when claim_status = 'patient' or payer_class = 'Self-pay' then 'bill patient'
            when claim_status = 'open' then 'submit claim'
            else 'follow up with the payer'
        end as planned_action

    from limits

),

dated as (

    select
        planned.*,
        case work_actions.deadline
            when 'filing' then planned.filing_deadline
            when 'appeal' then planned.appeal_deadline
            when 'filing or appeal'
                then
                    case
                        when
                            planned.appeal_deadline is null
                            or planned.filing_deadline > planned.appeal_deadline
                            then planned.filing_deadline
                        else planned.appeal_deadline
                    end
        end as deadline_date

    from planned

    inner join work_actions
        on planned.planned_action = work_actions.action

),

chosen as (

    select
        *,
        case
            when deadline_date < report_date then 'write off'
            else planned_action
        end as next_best_action

    from dated

),

valued as (

    select
        chosen.*,
        work_actions.work_minutes,
        work_actions.cost_amount,
        case
            when
                chosen.next_best_action in (
                    'follow up with the payer', 'write off', 'submit claim'
                )
                then 0
            when chosen.next_best_action = 'bill patient'
                then coalesce(patient_odds.collection_odds, 0)
            when chosen.is_denied then coalesce(overturn_odds.overturn_odds, 0)
            else coalesce(rejection_odds.payment_odds, 0)
        end as recovery_odds,
        case
            when chosen.next_best_action = 'bill patient' then chosen.open_amount
            when chosen.is_denied
                then
                    case
                        when chosen.denied_amount < chosen.open_amount then chosen.denied_amount
                        else chosen.open_amount
                    end * overturn_odds.paid_share
            else chosen.open_amount * rejection_odds.paid_share
        end as recoverable_amount

    from chosen

    inner join work_actions
        on chosen.next_best_action = work_actions.action

    left join patient_odds
        on chosen.report_date = patient_odds.report_date
        and chosen.source_system = patient_odds.source_system

    left join overturn_odds
        on chosen.report_date = overturn_odds.report_date
        and chosen.denial_category = overturn_odds.denial_category
        and chosen.payer_class = overturn_odds.payer_class

    cross join rejection_odds

),

-- from the figures as they are shown, so that anyone can work it out again
rounded as (

    select
        *,
        cast(recovery_odds as decimal(9, 4)) as shown_odds,
        {{ money('coalesce(recoverable_amount, 0)') }} as shown_amount

    from valued

),

final as (

    select
        claim_key,
        report_date,
        is_current,
        is_denied,
        group_code,
        is_worked,
        next_best_action,
        deadline_date,
        {{ days_between('report_date', 'deadline_date') }} as days_to_deadline,  -- noqa: LT05
        shown_odds as recovery_odds,
        shown_amount as recoverable_amount,
        {{ money('shown_odds * shown_amount') }} as expected_recovery_amount,
        work_minutes,
        cost_amount as work_cost_amount,
        {{ money('shown_odds * shown_amount - cost_amount') }} as expected_value_amount

    from rounded

)

select * from final
