-- What to do next, for each role in the order in which to do it: every open claim of the queue,
-- every visit that is done and not charged, and what the front desk can still mend. A deadline
-- within days comes first, then what the work is expected to bring in. A claim that waits, for its
-- follow-up date or for a payer who still has time, stands on its list without a place.
with

queue as (

    select * from {{ ref('mart_claim_priority_queue') }}

),

unbilled as (

    select * from {{ ref('mart_unbilled') }}

    where claim_key is null

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

payment_odds as (

    select * from {{ ref('int_queue__payment_odds') }}

),

work_actions as (

    select * from {{ ref('work_actions') }}

),

visit_steps as (

    select
        unbilled.*,
        case unbilled.unbilled_reason
            when 'not documented' then 'finish the record'
            when 'not coded' then 'code the visit'
            else 'post the charge'
        end as next_best_action

    from unbilled

),

visits as (

    select
        visit_steps.encounter_key as item_key,
        'visit' as item_type,
        visit_steps.source_system,
        visit_steps.encounter_id as item_id,
        {{ null_key() }} as claim_key,
        visit_steps.encounter_key,
        visit_steps.patient_key,
        visit_steps.facility_key,
        facilities.facility_name,
        visit_steps.payer_key,
        payers.payer_name,
        visit_steps.provider_key,
        providers.provider_name,
        work_actions.worklist,
        visit_steps.next_best_action,
        {{ dbt.concat(["'Visit '", 'visit_steps.unbilled_reason']) }} as reason,
        visit_steps.estimated_charge_amount as outstanding_amount,
        visit_steps.unbilled_days as age_days,
        cast(null as date) as deadline_date,
        cast(null as {{ dbt.type_bigint() }}) as days_to_deadline,
        cast(coalesce(payment_odds.paid_odds, 0) as decimal(9, 4)) as recovery_odds,
        {{ money('visit_steps.estimated_charge_amount * coalesce(payment_odds.net_share, 0)') }}
            as recoverable_amount,
        work_actions.work_minutes,
        {{ money(
            'visit_steps.estimated_charge_amount * coalesce(payment_odds.net_share, 0)'
            ' * coalesce(payment_odds.paid_odds, 0) - work_actions.cost_amount'
        ) }} as expected_value_amount,
        cast(null as date) as waiting_until_date,
        cast(0 as {{ dbt.type_bigint() }}) as touch_count,
        cast(null as {{ dbt.type_string() }}) as last_action,
        cast(null as {{ dbt.type_string() }}) as last_outcome,
        cast(null as {{ dbt.type_string() }}) as assigned_to

    from visit_steps

    inner join work_actions
        on visit_steps.next_best_action = work_actions.action

    left join facilities
        on visit_steps.facility_key = facilities.facility_key

    left join payers
        on visit_steps.payer_key = payers.payer_key

    left join providers
        on visit_steps.provider_key = providers.provider_key

    left join payment_odds
        on payers.payer_class = payment_odds.payer_class

),

claims as (

    select
        claim_key as item_key,
        'claim' as item_type,
        source_system,
        claim_id as item_id,
        claim_key,
        {{ null_key() }} as encounter_key,
        patient_key,
        facility_key,
        facility_name,
        payer_key,
        payer_name,
        provider_key,
        provider_name,
        worklist,
        next_best_action,
        {{ dbt.concat(["'Claim '", 'claim_status', "'; '", 'priority_reasons']) }} as reason,
        outstanding_amount,
        age_days,
        deadline_date,
        days_to_deadline,
        recovery_odds,
        recoverable_amount,
        work_minutes,
        expected_value_amount,
        waiting_until_date,
        touch_count,
        last_action,
        last_outcome,
        assigned_to

    from queue

),

front_desk as (

    select
        items.item_key,
        items.item_type,
        items.source_system,
        items.item_id,
        {{ null_key() }} as claim_key,
        items.encounter_key,
        items.patient_key,
        items.facility_key,
        facilities.facility_name,
        items.payer_key,
        payers.payer_name,
        items.provider_key,
        providers.provider_name,
        work_actions.worklist,
        items.next_best_action,
        {{ dbt.concat([
            "case when items.item_type = 'visit' then 'Visit: ' else 'Appointment: ' end",
            'items.reason',
        ]) }} as reason,
        items.stake_amount as outstanding_amount,
        {{ days_between('items.visit_date', as_of_date()) }} as age_days,  -- noqa: LT05
        items.deadline_date,
        {{ days_between(as_of_date(), 'items.deadline_date') }} as days_to_deadline,  -- noqa: LT05
        items.gained_odds as recovery_odds,
        items.stake_amount as recoverable_amount,
        items.work_minutes,
        items.expected_value_amount,
        cast(null as date) as waiting_until_date,
        cast(0 as {{ dbt.type_bigint() }}) as touch_count,
        cast(null as {{ dbt.type_string() }}) as last_action,
        cast(null as {{ dbt.type_string() }}) as last_outcome,
        cast(null as {{ dbt.type_string() }}) as assigned_to

    from {{ ref('int_queue__front_desk') }} as items

    inner join work_actions
        on items.next_best_action = work_actions.action

    left join facilities
        on items.facility_key = facilities.facility_key

    left join payers
        on items.payer_key = payers.payer_key

    left join providers
        on items.provider_key = providers.provider_key

),

unioned as (

    select * from claims
    union all
    select * from visits
    union all
    select * from front_desk

),

marked as (

    select
        unioned.*,
        unioned.waiting_until_date is null and work_actions.is_work as has_place,
        coalesce(
            unioned.days_to_deadline between 0 and {{ setting('due_soon_days') }}
            and unioned.expected_value_amount > 0,
            false
        ) as is_due_soon

    from unioned

    inner join work_actions
        on unioned.next_best_action = work_actions.action

),

final as (

    select
        worklist,
        cast(case
            when has_place
                then row_number() over (
                        partition by worklist
                        order by
                            case when has_place then 0 else 1 end asc,
                            case when is_due_soon then 0 else 1 end asc,
                            expected_value_amount desc,
                            outstanding_amount desc,
                            item_key asc
                    )
        end as {{ dbt.type_bigint() }}) as list_position,
        item_type,
        item_key,
        source_system,
        item_id,
        claim_key,
        encounter_key,
        patient_key,
        facility_key,
        facility_name,
        payer_key,
        payer_name,
        provider_key,
        provider_name,
        next_best_action,
        reason,
        is_due_soon,
        deadline_date,
        days_to_deadline,
        outstanding_amount,
        age_days,
        recovery_odds,
        recoverable_amount,
        work_minutes,
        expected_value_amount,
        waiting_until_date,
        touch_count,
        last_action,
        last_outcome,
        assigned_to

    from marked

)

select * from final
