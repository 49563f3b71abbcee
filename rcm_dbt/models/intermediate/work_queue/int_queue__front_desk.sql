-- What the front desk can still mend: coming appointments whose cover nobody has checked, visits
-- that have not been sent to their payer and lack a verified cover or an authorization, recent
-- visits of which the patient has paid nothing yet. Work is worth what it takes off the odds of a
-- denial, times what is at stake, and what patients pay of such bills, less its cost. A visit
-- stands once, with the step that brings most, and with all that is missing.
with

odds as (

    select * from {{ ref('int_denial__factor_odds') }}

    where scored_month = {{ month_start(as_of_date()) }}

),

base as (

    select
        max(
            case
                when factor = 'all' and claim_count >= {{ kpi_parameter('history_claims') }}
                    then relative_odds
            end
        ) as base_odds

    from odds

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

payment_odds as (

    select * from {{ ref('int_queue__payment_odds') }}

),

expected as (

    select
        claim_key,
        sum(expected_net_amount) as net_amount,
        sum(expected_patient_amount) as patient_amount

    from {{ ref('int_valuation__expected') }}

    group by claim_key

),

claims as (

    select
        enriched.*,
        expected.net_amount,
        expected.patient_amount,
        row_number() over (
            partition by enriched.patient_key
            order by enriched.service_date desc, enriched.claim_key desc
        ) as lateness

    from {{ ref('int_claim__enriched') }} as enriched

    left join expected
        on enriched.claim_key = expected.claim_key

),

usual as (

    select
        source_system,
        {{ quotient('sum(net_amount)', 'nullif(count(distinct encounter_key), 0)') }}
            as net_amount

    from claims

    where encounter_key is not null

    group by source_system

),

checked_appointments as (

    select distinct appointment_key

    from {{ ref('int_eligibility__current') }}

    where appointment_key is not null

),

-- who paid last for a patient will be asked first
appointments as (

    select
        appointments.appointment_key as item_key,
        'appointment' as item_type,
        appointments.source_system,
        appointments.appointment_id as item_id,
        {{ null_key() }} as encounter_key,
        appointments.patient_key,
        appointments.facility_key,
        appointments.provider_key,
        claims.payer_key,
        appointments.scheduled_date as visit_date,
        'check coverage' as next_best_action,
        'cover not checked' as missing,
        appointments.scheduled_date as deadline_date,
        usual.net_amount as stake_amount,
        'coverage' as factor,
        'cover verified' as mended_value,
        cast(null as decimal(9, 4)) as claim_odds,
        {{ null_key() }} as claim_key

    from {{ ref('int_appointment__current') }} as appointments

    inner join claims
        on appointments.patient_key = claims.patient_key
        and claims.lateness = 1

    inner join payers
        on claims.payer_key = payers.payer_key
        and payers.payer_class <> 'Self-pay'

    inner join usual
        on appointments.source_system = usual.source_system

    left join checked_appointments
        on appointments.appointment_key = checked_appointments.appointment_key

    where
        appointments.appointment_status = 'Scheduled'
        and checked_appointments.appointment_key is null
        and {{ days_between(as_of_date(), 'appointments.scheduled_date') }}
        between 0 and {{ setting('front_desk_days') }}

),

unsent as (

    select * from {{ ref('int_denial__odds') }}

    where not is_sent and encounter_key is not null

),

deadlines as (

    select * from {{ ref('payer_deadlines') }}

),

uncharged as (

    select
        visits.*,
        waits.amount as estimated_amount

    from {{ ref('int_encounter__front_end') }} as visits

    inner join {{ ref('int_account__waits') }} as waits
        on visits.encounter_key = waits.encounter_key
        and waits.to_date is null
        and waits.is_estimated

    where not visits.is_coverage_verified

),

gaps as (

    {% for trait, action, mended, missing in [
        ('coverage', 'check coverage', 'cover verified', "('cover not checked', 'cover not verified')"),
        ('authorization_state', 'get the authorization', 'authorization approved',
         "('authorization missing', 'authorization pending', 'authorization refused')"),
    ] -%}
        select
            unsent.claim_key,
            unsent.encounter_key,
            unsent.payer_key,
            '{{ action }}' as next_best_action,
            unsent.{{ trait }} as missing,
            '{{ trait }}' as factor,
            '{{ mended }}' as mended_value,
            unsent.denial_odds as claim_odds,
            claims.net_amount as stake_amount

        from unsent

        inner join claims
            on unsent.claim_key = claims.claim_key

        where unsent.{{ trait }} in {{ missing }}

        union all

    {% endfor -%}
    select
        {{ null_key() }} as claim_key,
        uncharged.encounter_key,
        uncharged.payer_key,
        'check coverage' as next_best_action,
        case
            when uncharged.is_coverage_checked then 'cover not verified'
            else 'cover not checked'
        end as missing,
        'coverage' as factor,
        'cover verified' as mended_value,
        cast(null as decimal(9, 4)) as claim_odds,
        uncharged.estimated_amount * payment_odds.net_share as stake_amount

    from uncharged

    inner join payers
        on uncharged.payer_key = payers.payer_key
        and payers.payer_class <> 'Self-pay'

    inner join payment_odds
        on payers.payer_class = payment_odds.payer_class

),

visits as (

    select * from {{ ref('int_encounter__current') }}

),

mendable as (

    select
        item_key,
        item_type,
        source_system,
        item_id,
        encounter_key,
        patient_key,
        facility_key,
        provider_key,
        payer_key,
        visit_date,
        next_best_action,
        missing,
        deadline_date,
        stake_amount,
        factor,
        mended_value,
        claim_odds,
        claim_key

    from appointments

    union all

    select
        gaps.encounter_key as item_key,
        'visit' as item_type,
        visits.source_system,
        visits.encounter_id as item_id,
        gaps.encounter_key,
        visits.patient_key,
        visits.facility_key,
        visits.provider_key,
        gaps.payer_key,
        visits.encounter_date as visit_date,
        gaps.next_best_action,
        gaps.missing,
        cast(
            {{ dbt.dateadd('day', 'deadlines.filing_limit_days', 'visits.encounter_date') }} as date
        ) as deadline_date,
        gaps.stake_amount,
        gaps.factor,
        gaps.mended_value,
        gaps.claim_odds,
        gaps.claim_key

    from gaps

    inner join visits
        on gaps.encounter_key = visits.encounter_key

    inner join payers
        on gaps.payer_key = payers.payer_key

    left join deadlines
        on payers.payer_class = deadlines.payer_class

),

-- how much of the odds of a denial the work takes away
lifted as (

    select
        mendable.*,
        coalesce(
            mendable.claim_odds,
            base.base_odds * coalesce(of_payer.relative_odds, 1)
            * coalesce(present.relative_odds, 1)
        ) as now_odds,
        coalesce(present.relative_odds, 1) as now_relative,
        coalesce(mended.relative_odds, 1) as mended_relative

    from mendable

    cross join base

    left join odds as of_payer
        on of_payer.factor = 'payer'
        and mendable.payer_key = of_payer.factor_value

    left join odds as present
        on mendable.factor = present.factor
        and mendable.missing = present.factor_value

    left join odds as mended
        on mendable.factor = mended.factor
        and mendable.mended_value = mended.factor_value

),

patient_odds as (

    select * from {{ ref('int_queue__patient_odds') }}

    where report_date = {{ as_of_date() }} and not is_self_pay and bill_age = 1

),

paying_patients as (

    select distinct entries.claim_key

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where event_types.measure_class = 'patient_cash' and entries.cash_amount > 0

),

-- the patient's part of what its payer has not decided yet
shares as (

    select
        claims.encounter_key,
        min(claims.source_system) as source_system,
        min(claims.payer_key) as payer_key,
        sum(claims.patient_amount) as patient_amount

    from claims

    inner join payers
        on claims.payer_key = payers.payer_key
        and payers.payer_class <> 'Self-pay'

    left join paying_patients
        on claims.claim_key = paying_patients.claim_key

    where
        claims.encounter_key is not null
        and claims.first_remit_date is null
        and claims.open_amount > 0
        and paying_patients.claim_key is null

    group by claims.encounter_key

    having sum(claims.patient_amount) > 0

),

unpaid as (

    select
        shares.encounter_key as item_key,
        'visit' as item_type,
        visits.source_system,
        visits.encounter_id as item_id,
        shares.encounter_key,
        visits.patient_key,
        visits.facility_key,
        visits.provider_key,
        shares.payer_key,
        visits.encounter_date as visit_date,
        'ask for the patient share' as next_best_action,
        'patient share not collected' as missing,
        cast(
            {{ dbt.dateadd('day', setting('front_desk_days'), 'visits.encounter_date') }} as date
        ) as deadline_date,
        shares.patient_amount as stake_amount,
        coalesce(patient_odds.collection_odds, 0.5) as gained_odds,
        {{ null_key() }} as claim_key

    from shares

    inner join visits
        on shares.encounter_key = visits.encounter_key

    left join patient_odds
        on shares.source_system = patient_odds.source_system
        and {{ bill_size('shares.patient_amount') }} = patient_odds.bill_size

    where
        {{ days_between('visits.encounter_date', as_of_date()) }}
        between 0 and {{ setting('front_desk_days') }}

),

candidates as (

    select
        item_key,
        item_type,
        source_system,
        item_id,
        encounter_key,
        patient_key,
        facility_key,
        provider_key,
        payer_key,
        visit_date,
        next_best_action,
        missing,
        deadline_date,
        stake_amount,
        greatest(now_odds * (1 - mended_relative / nullif(now_relative, 0)), 0) as gained_odds

    from lifted

    union all

    select
        item_key,
        item_type,
        source_system,
        item_id,
        encounter_key,
        patient_key,
        facility_key,
        provider_key,
        payer_key,
        visit_date,
        next_best_action,
        missing,
        deadline_date,
        stake_amount,
        gained_odds

    from unpaid

),

-- several claims of a visit lack the same thing: one step mends it
steps as (

    select
        item_key,
        item_type,
        source_system,
        item_id,
        encounter_key,
        patient_key,
        facility_key,
        provider_key,
        visit_date,
        next_best_action,
        min(payer_key) as payer_key,
        min(missing) as missing,
        min(deadline_date) as deadline_date,
        cast(max(gained_odds) as decimal(9, 4)) as gained_odds,
        {{ money('sum(stake_amount)') }} as stake_amount

    from candidates

    group by
        item_key,
        item_type,
        source_system,
        item_id,
        encounter_key,
        patient_key,
        facility_key,
        provider_key,
        visit_date,
        next_best_action

),

valued as (

    select
        steps.*,
        work_actions.work_minutes,
        {{ money('steps.gained_odds * steps.stake_amount - work_actions.cost_amount') }}
            as expected_value_amount

    from steps

    inner join {{ ref('work_actions') }} as work_actions
        on steps.next_best_action = work_actions.action

),

ranked as (

    select
        *,
        row_number() over (
            partition by item_key
            order by expected_value_amount desc, next_best_action asc
        ) as value_rank

    from valued

    where
        expected_value_amount > 0
        and (deadline_date is null or deadline_date >= {{ as_of_date() }})

),

reasons as (

    select
        item_key,
        max(case when next_best_action = 'check coverage' then missing end) as cover,
        max(case when next_best_action = 'get the authorization' then missing end) as leave,
        max(case when next_best_action = 'ask for the patient share' then missing end) as share

    from ranked

    group by item_key

),

final as (

    select
        ranked.item_key,
        ranked.item_type,
        ranked.source_system,
        ranked.item_id,
        ranked.encounter_key,
        ranked.patient_key,
        ranked.facility_key,
        ranked.provider_key,
        ranked.payer_key,
        ranked.visit_date,
        ranked.next_best_action,
        {{ join_texts(['reasons.cover', 'reasons.leave', 'reasons.share'], '; ') }} as reason,
        ranked.deadline_date,
        ranked.stake_amount,
        ranked.gained_odds,
        ranked.work_minutes,
        ranked.expected_value_amount

    from ranked

    inner join reasons
        on ranked.item_key = reasons.item_key

    where ranked.value_rank = 1

)

select * from final
