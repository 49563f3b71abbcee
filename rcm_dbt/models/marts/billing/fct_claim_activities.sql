{{ config(**physical_layout('activity_date', ['claim_key'])) }}
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_claim__submissions',
    'int_claim__acknowledgements',
    'int_claim__remits',
    'int_ledger__entries',
    'int_staff__work',
]}) }}

-- The story of every claim in order: one row per claim, kind of activity and day. Built from the
-- feeds that report it: what was sent, what came back, what was posted and what staff worked on.
with

types as (

    select * from {{ ref('claim_activity_types') }}

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

sent as (

    select
        claim_key,
        case
            when frequency_code = '7' then 'replaced'
            when frequency_code = '8' then 'voided'
            when payer_responsibility_code <> 'P' then 'billed to next payer'
            when submission_number = 1 or frequency_code in ('2', '3', '4') then 'submitted'
            else 'resubmitted'
        end as activity_type,
        recorded_date as activity_date,
        recorded_date,
        charge_amount as amount

    from {{ ref('int_claim__submissions') }}

),

answered as (

    select
        claim_key,
        case when ack_status = 'rejected' then 'rejected' else 'acknowledged' end as activity_type,
        recorded_date as activity_date,
        recorded_date,
        {{ money(0) }} as amount

    from {{ ref('int_claim__acknowledgements') }}

),

remits as (

    select * from {{ ref('int_claim__remits') }}

    where not is_predetermination

),

decided as (

    select
        claim_key,
        case when is_reversal then 'reversed' else 'decided' end as activity_type,
        payment_date as activity_date,
        recorded_date,
        paid_amount as amount

    from remits

    union all

    select
        claim_key,
        'denied' as activity_type,
        payment_date as activity_date,
        recorded_date,
        denied_amount as amount

    from remits

    where is_denied

    union all

    select
        claim_key,
        case when paid_amount > 0 then 'paid' else 'payment taken back' end as activity_type,
        payment_date as activity_date,
        recorded_date,
        paid_amount as amount

    from remits

    where paid_amount <> 0

),

-- what payers leave to the patient is netted over the day: a reversal takes it back
left_to_patient as (

    select
        claim_key,
        event_date as activity_date,
        recorded_date,
        sum(memo_amount) as amount

    from {{ ref('int_ledger__entries') }}

    where event_type = 'TRANSFER_TO_PATIENT' and claim_key is not null

    group by
        claim_key,
        event_date,
        recorded_date

),

posted as (

    select
        claim_key,
        'patient billed' as activity_type,
        activity_date,
        recorded_date,
        amount

    from left_to_patient

    where amount > 0

    union all

    select
        entries.claim_key,
        case
            when event_types.measure_class = 'payer_cash' and entries.cash_amount > 0 then 'paid'
            when event_types.measure_class = 'payer_cash' then 'payment taken back'
            when event_types.event_type = 'REFUND' then 'refunded'
            when event_types.measure_class = 'patient_cash' then 'patient paid'
            when event_types.measure_class = 'charge' then 'charge corrected'
            else 'written off'
        end as activity_type,
        entries.event_date as activity_date,
        entries.recorded_date,
        case
            when event_types.measure_class in ('payer_cash', 'patient_cash')
                then entries.cash_amount
            when event_types.measure_class = 'charge' then entries.ar_amount
            else -entries.ar_amount
        end as amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join event_types
        on entries.event_type = event_types.event_type

    where
        entries.claim_key is not null
        and entries.event_type <> 'CHARGE'
        and (
            event_types.measure_class in ('patient_cash', 'charge', 'write_off')
            -- Synthea tells of payments without remittances
            or (event_types.measure_class = 'payer_cash' and entries.source_system = 'synthea')
        )

),

worked as (

    select
        claim_key,
        'denial worked' as activity_type,
        work_date as activity_date,
        recorded_date,
        {{ money(0) }} as amount

    from {{ ref('int_staff__work') }}

    where activity = 'Denial Work' and claim_key is not null

),

activities as (

    select * from sent
    union all
    select * from answered
    union all
    select * from decided
    union all
    select * from posted
    union all
    select * from worked

),

daily as (

    select
        claim_key,
        activity_type,
        activity_date,
        recorded_date,
        count(*) as event_count,
        sum(amount) as amount

    from activities

    group by
        claim_key,
        activity_type,
        activity_date,
        recorded_date

),

final as (

    select
        {{ surrogate_key([
            'daily.claim_key', 'daily.activity_type', 'daily.activity_date', 'daily.recorded_date',
        ]) }} as claim_activity_key,
        daily.claim_key,
        headers.source_system,
        headers.claim_id,
        cast(row_number() over (
            partition by daily.claim_key
            order by daily.activity_date, types.step_number, daily.recorded_date
        ) as {{ dbt.type_bigint() }}) as activity_number,
        daily.activity_type,
        types.label as activity_label,
        daily.activity_date,
        daily.recorded_date,
        daily.event_count,
        {{ money('daily.amount') }} as amount

    from daily

    -- an answer or a task that names no known claim stands among the exceptions
    inner join headers
        on daily.claim_key = headers.claim_key

    inner join types
        on daily.activity_type = types.activity_type

)

select * from final
