-- One row per claim that a payer denied: what was denied and why, what we did about it, what the
-- payer then said, and where each denied dollar is now. Only what a payer says of its own decision
-- counts as the answer; a later payer judges something else. Parts of a claim that are decided by
-- themselves are followed by themselves.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

decisions as (

    select * from remits

    where is_decision

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

encounters as (

    select * from {{ ref('int_encounter__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

denials as (

    select
        *,
        -- of a claim that is decided in parts, the largest denial speaks for it
        row_number() over (
            partition by claim_key
            order by decision_number asc, denied_amount desc, remit_claim_key asc
        ) as denial_number,
        row_number() over (
            partition by claim_key, part
            order by decision_number asc, remit_claim_key asc
        ) as part_denial_number

    from decisions

    where is_denied

),

first_denials as (

    select * from denials

    where denial_number = 1

),

part_denials as (

    select * from denials

    where part_denial_number = 1

),

reasons as (

    select
        remit_claim_key,
        category,
        group_code,
        reason_code,
        sum(amount) as reason_amount

    from {{ ref('int_claim__remit_adjustments') }}

    where is_denial and amount > 0

    group by
        remit_claim_key,
        category,
        group_code,
        reason_code

),

main_reasons as (

    select
        *,
        row_number() over (
            partition by remit_claim_key
            order by reason_amount desc, reason_code asc, group_code asc
        ) as reason_rank

    from reasons

),

answers as (

    select
        part_denials.claim_key,
        part_denials.part,
        decisions.recorded_date as decided_date,
        decisions.denied_amount as still_denied_amount,
        decisions.paid_amount,
        row_number() over (
            partition by part_denials.claim_key, part_denials.part
            order by decisions.decision_number desc
        ) as answer_rank

    from part_denials

    inner join decisions
        on part_denials.claim_key = decisions.claim_key
        and part_denials.part = decisions.part
        and part_denials.decision_number < decisions.decision_number
        and coalesce(part_denials.payer_key, '') = coalesce(decisions.payer_key, '')

),

-- denied dollars, once each; those that the first denial leaves to the patient are the patient's
amounts as (

    select
        remits.claim_key,
        remits.part,
        {{ sum_where(
            'amounts.denied_amount',
            "amounts.event_type = 'TRANSFER_TO_PATIENT' and part_denials.claim_key is not null"
        ) }} as patient_amount,
        sum(amounts.counted_amount) as denied_amount

    from {{ ref('int_denial__amounts') }} as amounts

    inner join remits
        on amounts.remit_claim_key = remits.remit_claim_key

    left join part_denials
        on amounts.remit_claim_key = part_denials.remit_claim_key

    group by
        remits.claim_key,
        remits.part

),

adjustments as (

    select
        remit_claim_key,
        {{ sum_where('amount', "event_type = 'CONTRACTUAL'") }} as contractual_amount,
        {{ sum_where('amount', "event_type = 'TRANSFER_TO_PATIENT'") }} as patient_amount

    from {{ ref('int_claim__posted_adjustments') }}

    group by remit_claim_key

),

-- what payers did with the same part of the claim after they had denied it, reversals taken off
later_flows as (

    select
        part_denials.claim_key,
        part_denials.part,
        sum(remits.paid_amount) as paid_amount,
        sum(coalesce(adjustments.contractual_amount, 0)) as contractual_amount,
        sum(coalesce(adjustments.patient_amount, 0)) as patient_amount

    from part_denials

    inner join remits
        on part_denials.claim_key = remits.claim_key
        and part_denials.part = remits.part
        and part_denials.remit_number < remits.remit_number
        and not remits.is_predetermination

    left join {{ ref('int_claim__reversals') }} as reversals
        on remits.remit_claim_key = reversals.remit_claim_key

    left join adjustments
        on remits.remit_claim_key = adjustments.remit_claim_key

    where not coalesce(reversals.is_unmatched, false)

    group by
        part_denials.claim_key,
        part_denials.part

),

told as (

    select
        part_denials.claim_key,
        part_denials.part,
        answers.decided_date,
        coalesce(answers.paid_amount, 0) as decision_paid_amount,
        coalesce(amounts.denied_amount, 0) as denied_amount,
        coalesce(answers.still_denied_amount, amounts.denied_amount, 0) as still_denied_amount,
        greatest(coalesce(later_flows.paid_amount, 0), 0) as paid_amount,
        greatest(coalesce(later_flows.contractual_amount, 0), 0) as contractual_amount,
        greatest(
            coalesce(amounts.patient_amount, 0) + coalesce(later_flows.patient_amount, 0), 0
        ) as patient_amount

    from part_denials

    left join amounts
        on part_denials.claim_key = amounts.claim_key
        and part_denials.part = amounts.part

    left join answers
        on part_denials.claim_key = answers.claim_key
        and part_denials.part = answers.part
        and answers.answer_rank = 1

    left join later_flows
        on part_denials.claim_key = later_flows.claim_key
        and part_denials.part = later_flows.part

),

-- each step takes what the one before it leaves: no dollar has two ends
recovered as (

    select
        *,
        least(paid_amount, denied_amount) as recovered_amount

    from told

),

reduced as (

    select
        *,
        least(contractual_amount, denied_amount - recovered_amount) as reduced_amount

    from recovered

),

payer_words as (

    select
        claim_key,
        max(decided_date) as decided_date,
        sum(decision_paid_amount) as decision_paid_amount,
        sum(denied_amount) as denied_amount,
        sum(least(greatest(still_denied_amount, 0), denied_amount)) as still_denied_amount,
        sum(recovered_amount) as recovered_amount,
        sum(reduced_amount) as contractual_amount,
        sum(denied_amount - recovered_amount - reduced_amount) as left_amount,
        sum(least(patient_amount, denied_amount - recovered_amount - reduced_amount))
            as patient_amount

    from reduced

    group by claim_key

),

-- a claim that is sent again is an action, and so is what people say that they did
actions as (

    select
        first_denials.claim_key,
        'resubmitted' as action,
        submissions.recorded_date as action_date,
        1 as action_preference

    from first_denials

    inner join {{ ref('int_claim__submissions') }} as submissions
        on first_denials.claim_key = submissions.claim_key
        and first_denials.recorded_date <= submissions.recorded_date
        and coalesce(first_denials.payer_key, '') = coalesce(submissions.payer_key, '')
        -- a void takes the claim back
        and coalesce(submissions.frequency_code, '1') <> '8'

    union all

    select
        first_denials.claim_key,
        denial_work.action,
        denial_work.work_date as action_date,
        2 as action_preference

    from first_denials

    inner join {{ ref('int_denial__work') }} as denial_work
        on first_denials.claim_key = denial_work.claim_key
        and first_denials.recorded_date <= denial_work.work_date
        and denial_work.action is not null

),

first_actions as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by action_date, action_preference
        ) as action_rank

    from actions

),

money as (

    select
        first_denials.claim_key,
        {{ sum_where(
            '-entries.ar_amount',
            "event_types.write_off_class = 'denial'
            and entries.recorded_date >= first_denials.recorded_date"
        ) }} as written_off_amount,
        {{ sum_where(
            '-entries.ar_amount',
            "event_types.measure_class = 'charge'
            and entries.recorded_date > first_denials.recorded_date"
        ) }} as withdrawn_amount,
        min(case
            when
                event_types.write_off_class = 'denial'
                and entries.recorded_date >= first_denials.recorded_date
                then entries.recorded_date
        end) as written_off_date,
        sum(entries.ar_amount) as balance_amount

    from first_denials

    inner join {{ ref('int_ledger__entries') }} as entries
        on first_denials.claim_key = entries.claim_key

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    group by first_denials.claim_key

),

given_up as (

    select
        payer_words.*,
        money.written_off_date,
        coalesce(money.balance_amount, 0) as balance_amount,
        greatest(coalesce(money.withdrawn_amount, 0), 0) as taken_back_amount,
        least(
            greatest(coalesce(money.written_off_amount, 0), 0), payer_words.left_amount
        ) as written_off_amount

    from payer_words

    left join money
        on payer_words.claim_key = money.claim_key

),

withdrawn as (

    select
        *,
        least(taken_back_amount, left_amount - written_off_amount) as withdrawn_amount

    from given_up

),

-- what is open of a denial is never more than what is open of its claim: the rest is what the
-- patient was left with, or had paid before
ends as (

    select
        *,
        least(
            left_amount - written_off_amount - withdrawn_amount
            - least(patient_amount, left_amount - written_off_amount - withdrawn_amount),
            greatest(balance_amount, 0)
        ) as open_amount

    from withdrawn

),

joined as (

    select
        first_denials.claim_key,
        headers.source_system,
        headers.claim_id,
        headers.facility_key,
        encounters.department_key,
        headers.provider_key,
        headers.payer_key,
        coalesce(payers.payer_class, 'Not on the payer list') as payer_class,
        headers.service_date,
        first_denials.recorded_date as denied_date,
        first_denials.decision_number = 1 as is_initial,
        main_reasons.category as denial_category,
        main_reasons.group_code,
        main_reasons.reason_code,
        {{ money('ends.denied_amount') }} as denied_amount,
        coalesce(first_actions.action, 'none') as action,
        first_actions.action_date,
        ends.decided_date,
        case
            when ends.decided_date is null then 'none'
            when ends.still_denied_amount <= 0 then 'overturned'
            when ends.still_denied_amount < ends.denied_amount then 'partly overturned'
            else 'upheld'
        end as decision,
        {{ money('ends.still_denied_amount') }} as still_denied_amount,
        {{ money('ends.denied_amount - ends.still_denied_amount') }} as overturned_amount,
        {{ money('ends.decision_paid_amount') }} as decision_paid_amount,
        {{ money('ends.recovered_amount') }} as recovered_amount,
        {{ money('ends.contractual_amount') }} as contractual_amount,
        {{ money('ends.written_off_amount') }} as written_off_amount,
        {{ money('ends.withdrawn_amount') }} as withdrawn_amount,
        {{ money(
            'ends.left_amount - ends.written_off_amount - ends.withdrawn_amount - ends.open_amount'
        ) }} as patient_amount,
        {{ money('ends.open_amount') }} as open_amount,
        ends.written_off_date

    from first_denials

    inner join headers
        on first_denials.claim_key = headers.claim_key

    inner join ends
        on first_denials.claim_key = ends.claim_key

    left join encounters
        on headers.encounter_key = encounters.encounter_key

    left join payers
        on headers.payer_key = payers.payer_key

    left join main_reasons
        on first_denials.remit_claim_key = main_reasons.remit_claim_key
        and main_reasons.reason_rank = 1

    left join first_actions
        on first_denials.claim_key = first_actions.claim_key
        and first_actions.action_rank = 1

),

final as (

    select
        *,
        case
            when decision in ('overturned', 'partly overturned') then decision
            when written_off_date is not null then 'written off'
            when group_code = 'PR' then 'patient'
            when decision = 'upheld' then decision
            else 'open'
        end as outcome,
        {{ days_between('denied_date', 'action_date') }} as days_to_action,  -- noqa: LT05
        {{ days_between('denied_date', 'decided_date') }} as days_to_decision  -- noqa: LT05

    from joined

)

select * from final
