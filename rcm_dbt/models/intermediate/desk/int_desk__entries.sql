-- What people did about claims, each on the claim that is meant: that of its key or, where the
-- claims of a number were told apart anew since, the only one of its number. An entry on a claim
-- that is no longer known is kept, without a claim.
with

entries as (

    select * from {{ ref('stg_desk__entries') }}

),

headers as (

    select
        claim_key,
        source_system,
        claim_id

    from {{ ref('int_claim__headers') }}

),

only_claims as (

    select
        source_system,
        claim_id,
        min(claim_key) as claim_key

    from headers

    where claim_id in (select entries.claim_id from entries)

    group by
        source_system,
        claim_id

    having count(*) = 1

),

final as (

    select
        entries.entry_id,
        entries.entry_number,
        coalesce(headers.claim_key, only_claims.claim_key) as claim_key,
        entries.source_system,
        entries.claim_id,
        entries.action,
        coalesce(actions.label, entries.action) as action_label,
        coalesce(actions.effect, 'none') as effect,
        entries.outcome,
        coalesce(outcomes.label, entries.outcome) as outcome_label,
        entries.note,
        entries.follow_up_date,
        entries.assigned_to,
        entries.made_by,
        entries.made_at,
        entries.recorded_date

    from entries

    left join headers
        on entries.claim_key = headers.claim_key

    left join only_claims
        on entries.source_system = only_claims.source_system
        and entries.claim_id = only_claims.claim_id

    left join {{ ref('desk_actions') }} as actions
        on entries.action = actions.action

    left join {{ ref('desk_outcomes') }} as outcomes
        on entries.action = outcomes.action
        and entries.outcome = outcomes.outcome

)

select * from final
