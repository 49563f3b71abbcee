-- What working a claim of the queue is expected to bring in: odds of success times the dollars that
-- can be recovered, less the cost of the work, while a deadline still allows it. Money that comes
-- without our work adds nothing: a claim that waits for its payer gains by a question only what
-- would never be answered without it. Work that costs more than it brings is not recommended.
with

snapshots as (

    select * from {{ ref('int_queue__snapshots') }}

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

payment_odds as (

    select * from {{ ref('int_queue__payment_odds') }}

),

-- claims whose decision has come and is held in quarantine, with what it pays
held_decisions as (

    select
        claim_key,
        max(coalesce(paid_amount, 0)) as paid_amount

    from {{ ref('int_rule__held_claims') }}

    where is_decision

    group by claim_key

),

patient_odds as (

    select * from {{ ref('int_queue__patient_odds') }}

),

-- a rejected claim is worth what such claims brought once they were corrected; these stand in the
-- queue of today alone
rejection_odds as (

    select
        cast(
            coalesce(
                {{ quotient(sum_where('1', 'payer_paid_amount > 0'), 'nullif(count(*), 0)') }}, 0
            ) as decimal(9, 4)
        ) as payment_odds,
        cast(
            coalesce(
                {{ quotient(
                    'sum(payer_paid_amount)',
                    'nullif(' ~ sum_where('charge_amount', 'payer_paid_amount > 0') ~ ', 0)'
                ) }},
                0
            ) as decimal(9, 4)
        ) as paid_share

    from {{ ref('int_claim__enriched') }}

    where first_ack_status = 'rejected' and first_remit_date is not null

),

limits as (

    select
        snapshots.*,
        case when snapshots.is_current then held_decisions.paid_amount end as held_paid_amount,
        {{ days_between(
            'coalesce(snapshots.worked_date, snapshots.last_word_date)', 'snapshots.report_date'
        ) }} as silent_days,
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

    left join held_decisions
        on snapshots.claim_key = held_decisions.claim_key

),

-- what would be done next, if its deadline allows
planned as (

    select
        *,
        case
            when held_paid_amount is not null then 'load the held remittance'
            when is_denied and group_code = 'PR' then 'bill patient'
            when is_denied and is_decided then 'write off'
            when is_denied and is_worked and silent_days <= {{ setting('silent_days') }}
                then 'wait for the payer'
            when is_denied and is_worked then 'follow up with the payer'
            when is_denied then coalesce(default_action, 'appeal')
            when claim_status = 'rejected' then 'resubmit corrected'
            when claim_status = 'patient' or payer_class = 'Self-pay' then 'bill patient'
            when claim_status = 'open' then 'submit claim'
            when silent_days <= {{ setting('silent_days') }} then 'wait for the payer'
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

timely as (

    select
        *,
        case
            when deadline_date < report_date then 'write off'
            else planned_action
        end as timely_action

    from dated

),

valued as (

    select
        timely.*,
        work_actions.work_minutes as asked_minutes,
        work_actions.cost_amount as asked_cost_amount,
        case
            when timely.timely_action in ('write off', 'wait for the payer') then 0
            when timely.timely_action = 'load the held remittance' then 1
            when timely.timely_action = 'bill patient'
                -- before the first outcome one in two is as good a guess as any
                then coalesce(patient_odds.collection_odds, 0.5)
            when timely.timely_action = 'submit claim' then coalesce(payment_odds.paid_odds, 0)
            when timely.timely_action = 'follow up with the payer'
                then
                    -- what could be known of it on a past day is not kept
                    case
                        when timely.is_current then coalesce(payment_odds.unanswered_odds, 0)
                        else 0
                    end
                    * case
                        when timely.is_denied then coalesce(overturn_odds.overturn_odds, 0)
                        else coalesce(payment_odds.paid_odds, 0)
                    end
            when timely.is_denied then coalesce(overturn_odds.overturn_odds, 0)
            else coalesce(rejection_odds.payment_odds, 0)
        end as recovery_odds,
        case
            when timely.timely_action = 'bill patient' then timely.open_amount
            when timely.timely_action = 'load the held remittance'
                then
                    case
                        when timely.held_paid_amount < 0 then 0
                        when timely.held_paid_amount < timely.open_amount
                            then timely.held_paid_amount
                        else timely.open_amount
                    end
            when timely.is_denied
                then
                    case
                        when timely.denied_amount < timely.open_amount then timely.denied_amount
                        else timely.open_amount
                    end * overturn_odds.paid_share
            when timely.claim_status = 'rejected'
                then timely.open_amount * rejection_odds.paid_share
            else timely.net_balance_amount
        end as recoverable_amount

    from timely

    inner join work_actions
        on timely.timely_action = work_actions.action

    left join patient_odds
        on timely.report_date = patient_odds.report_date
        and timely.source_system = patient_odds.source_system
        and (timely.payer_class = 'Self-pay') = patient_odds.is_self_pay
        and timely.bill_size = patient_odds.bill_size
        and timely.bill_age = patient_odds.bill_age

    left join overturn_odds
        on timely.report_date = overturn_odds.report_date
        and timely.denial_category = overturn_odds.denial_category
        and timely.payer_class = overturn_odds.payer_class

    left join payment_odds
        on timely.payer_class = payment_odds.payer_class

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

-- what costs more than it brings is left: a question is not asked, other work is written off
chosen as (

    select
        *,
        case
            when shown_odds * shown_amount >= asked_cost_amount then timely_action
            when timely_action = 'follow up with the payer' then 'wait for the payer'
            else 'write off'
        end as next_best_action

    from rounded

),

decided as (

    select
        chosen.*,
        work_actions.worklist,
        work_actions.work_minutes,
        work_actions.cost_amount,
        case
            when chosen.next_best_action = chosen.timely_action then chosen.shown_odds
            else cast(0 as decimal(9, 4))
        end as chosen_odds

    from chosen

    inner join work_actions
        on chosen.next_best_action = work_actions.action

),

final as (

    select
        claim_key,
        report_date,
        is_current,
        is_denied,
        group_code,
        is_worked,
        worklist,
        next_best_action,
        deadline_date,
        {{ days_between('report_date', 'deadline_date') }} as days_to_deadline,  -- noqa: LT05
        chosen_odds as recovery_odds,
        shown_amount as recoverable_amount,
        {{ money('chosen_odds * shown_amount') }} as expected_recovery_amount,
        asked_minutes,
        work_minutes,
        cost_amount as work_cost_amount,
        {{ money('chosen_odds * shown_amount - cost_amount') }} as expected_value_amount

    from decided

)

select * from final
