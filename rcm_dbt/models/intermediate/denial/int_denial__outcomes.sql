-- One row per claim that a payer denied: what was denied first and why, what we did about it, what
-- the payer then said and what it came to. Only what a payer says of its own decision counts as the
-- answer; a later payer judges something else.
with

decisions as (

    select * from {{ ref('int_claim__remits') }}

    where is_decision

),

headers as (

    select * from {{ ref('int_claim__headers') }}

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
        ) as denial_number

    from decisions

    where is_denied

),

first_denials as (

    select * from denials

    where denial_number = 1

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
        first_denials.claim_key,
        decisions.recorded_date as decided_date,
        decisions.denied_amount as still_denied_amount,
        decisions.paid_amount,
        row_number() over (
            partition by first_denials.claim_key
            order by decisions.decision_number desc
        ) as answer_rank

    from first_denials

    inner join decisions
        on first_denials.claim_key = decisions.claim_key
        and first_denials.part = decisions.part
        and first_denials.decision_number < decisions.decision_number
        and coalesce(first_denials.payer_key, '') = coalesce(decisions.payer_key, '')

),

-- a claim that is sent again is an action; a log of work without one is an appeal
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
        'appealed' as action,
        denial_work.work_date as action_date,
        2 as action_preference

    from first_denials

    inner join {{ ref('int_denial__work') }} as denial_work
        on first_denials.claim_key = denial_work.claim_key
        and first_denials.recorded_date <= denial_work.work_date

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
        {{ money(sum_where(
            'entries.cash_amount',
            "entries.event_type = 'PAYER_PAYMENT'
            and entries.recorded_date > first_denials.recorded_date"
        )) }} as recovered_amount,
        {{ money(sum_where(
            '-entries.ar_amount',
            "event_types.write_off_class = 'denial'
            and entries.recorded_date >= first_denials.recorded_date"
        )) }} as written_off_amount,
        min(case
            when
                event_types.write_off_class = 'denial'
                and entries.recorded_date >= first_denials.recorded_date
                then entries.recorded_date
        end) as written_off_date,
        {{ money('sum(entries.ar_amount)') }} as open_amount

    from first_denials

    inner join {{ ref('int_ledger__entries') }} as entries
        on first_denials.claim_key = entries.claim_key

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    group by first_denials.claim_key

),

joined as (

    select
        first_denials.claim_key,
        headers.source_system,
        headers.claim_id,
        headers.facility_key,
        headers.provider_key,
        headers.payer_key,
        coalesce(payers.payer_class, 'Not on the payer list') as payer_class,
        headers.service_date,
        first_denials.recorded_date as denied_date,
        first_denials.decision_number = 1 as is_initial,
        main_reasons.category as denial_category,
        main_reasons.group_code,
        main_reasons.reason_code,
        {{ money('first_denials.denied_amount') }} as denied_amount,
        coalesce(first_actions.action, 'none') as action,
        first_actions.action_date,
        answers.decided_date,
        case
            when answers.claim_key is null then 'none'
            when answers.still_denied_amount <= 0 then 'overturned'
            when answers.still_denied_amount < first_denials.denied_amount
                then 'partly overturned'
            else 'upheld'
        end as decision,
        {{ money('coalesce(answers.still_denied_amount, first_denials.denied_amount)') }}
            as still_denied_amount,
        {{ money('coalesce(answers.paid_amount, 0)') }} as decision_paid_amount,
        coalesce(money.recovered_amount, {{ money(0) }}) as recovered_amount,
        coalesce(money.written_off_amount, {{ money(0) }}) as written_off_amount,
        money.written_off_date,
        coalesce(money.open_amount, {{ money(0) }}) as open_amount

    from first_denials

    inner join headers
        on first_denials.claim_key = headers.claim_key

    left join payers
        on headers.payer_key = payers.payer_key

    left join main_reasons
        on first_denials.remit_claim_key = main_reasons.remit_claim_key
        and main_reasons.reason_rank = 1

    left join first_actions
        on first_denials.claim_key = first_actions.claim_key
        and first_actions.action_rank = 1

    left join answers
        on first_denials.claim_key = answers.claim_key
        and answers.answer_rank = 1

    left join money
        on first_denials.claim_key = money.claim_key

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
