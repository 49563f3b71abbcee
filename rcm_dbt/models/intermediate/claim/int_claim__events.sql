-- What happened to each claim between us and its payers, in the order in which it could be known:
-- each link of its chain that was sent, each answer, each decision. One claim has any number of
-- each (M6), so they are events and never joined one to one.
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_claim__submissions',
    'int_claim__acknowledgements',
    'int_claim__remits',
]}) }}
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

submitted as (

    select
        submission_key as record_key,
        claim_key,
        link_kind as event_kind,
        'hospital' as actor,
        submitted_date as event_date,
        recorded_date,
        charge_amount as event_amount,
        1 as stage,
        submission_number as place,
        _source_file,
        _source_position

    from {{ ref('int_claim__submissions') }}

),

answered as (

    select
        ack_key as record_key,
        claim_key,
        ack_status as event_kind,
        case source_entity_code when 'PR' then 'payer' else 'clearinghouse' end as actor,
        coalesce(status_date, recorded_date) as event_date,
        recorded_date,
        charge_amount as event_amount,
        2 as stage,
        ack_number as place,
        _source_file,
        _source_position

    from {{ ref('int_claim__acknowledgements') }}

),

decided as (

    select
        remit_claim_key as record_key,
        claim_key,
        case
            when is_reversal then 'reversal'
            when is_predetermination then 'predetermination'
            when is_denied then 'denial'
            when is_secondary then 'later decision'
            else 'decision'
        end as event_kind,
        'payer' as actor,
        payment_date as event_date,
        recorded_date,
        paid_amount as event_amount,
        3 as stage,
        remit_number as place,
        _source_file,
        _source_position

    from {{ ref('int_claim__remits') }}

),

events as (

    select * from submitted
    union all
    select * from answered
    union all
    select * from decided

),

final as (

    select
        events.record_key as claim_event_key,
        events.claim_key,
        headers.source_system,
        headers.claim_id,
        headers.facility_key,
        headers.payer_key,
        cast(row_number() over (
            partition by events.claim_key
            order by events.recorded_date, events.stage, events.place
        ) as {{ dbt.type_bigint() }}) as event_number,
        events.event_kind,
        events.actor,
        events.event_date,
        events.recorded_date,
        {{ money('events.event_amount') }} as event_amount,
        events._source_file,
        events._source_position

    from events

    -- an answer about a claim that nobody knows is no event of a claim: it is an exception (M11)
    inner join headers
        on events.claim_key = headers.claim_key

)

select * from final
