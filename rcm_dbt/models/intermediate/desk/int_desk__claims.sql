-- What people's entries say of each claim, as of the date: how often it was worked and how last,
-- who has it, and until when it waits. It waits until its follow-up date, the last that was set,
-- unless its payer has decided since: what is new is work again. Who gives a claim back ends both.
with

entries as (

    select * from {{ ref('int_desk__entries') }}

    where claim_key is not null

),

touches as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by made_at desc, entry_number desc, entry_id desc
        ) as lateness

    from entries

    where effect = 'touch'

),

owners as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by made_at desc, entry_number desc, entry_id desc
        ) as lateness

    from entries

    where assigned_to is not null or effect = 'gives back'

),

waits as (

    select
        *,
        row_number() over (
            partition by claim_key
            order by made_at desc, entry_number desc, entry_id desc
        ) as lateness

    from entries

    where follow_up_date is not null or effect = 'gives back'

),

decided as (

    select
        claim_key,
        max(recorded_date) as last_decision_date

    from {{ ref('int_claim__remits') }}

    where is_decision and claim_key in (select waits.claim_key from waits)

    group by claim_key

),

counts as (

    select
        claim_key,
        count(*) as entry_count,
        sum(case when effect = 'touch' then 1 else 0 end) as touch_count

    from entries

    group by claim_key

),

final as (

    select
        counts.claim_key,
        cast(counts.entry_count as {{ dbt.type_bigint() }}) as entry_count,
        cast(counts.touch_count as {{ dbt.type_bigint() }}) as touch_count,
        touches.action_label as last_action,
        touches.outcome_label as last_outcome,
        touches.made_by as last_worked_by,
        touches.made_at as last_worked_at,
        case when owners.effect <> 'gives back' then owners.assigned_to end as assigned_to,
        case
            when
                waits.effect <> 'gives back'
                and waits.follow_up_date > {{ as_of_date() }}
                and coalesce(decided.last_decision_date <= waits.recorded_date, true)
                then waits.follow_up_date
        end as waiting_until_date

    from counts

    left join touches
        on counts.claim_key = touches.claim_key
        and touches.lateness = 1

    left join owners
        on counts.claim_key = owners.claim_key
        and owners.lateness = 1

    left join waits
        on counts.claim_key = waits.claim_key
        and waits.lateness = 1

    left join decided
        on counts.claim_key = decided.claim_key

)

select * from final
