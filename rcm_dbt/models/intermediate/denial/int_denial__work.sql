-- One row per piece of work on a denial: what staff logged, and what people wrote down at the
-- operations desk about a claim that was denied by then. An appeal leaves no other trace in the
-- feeds: it is a letter, not a claim. Of work on a claim that is logged and was written down on the
-- same day, the log counts, which has its minutes; the others take what such work usually takes.
with

work_log as (

    select * from {{ ref('stg_hospital__work_log') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, work_id
            order by
                modified_at desc,
                recorded_date desc,
                work_minutes desc,
                claim_id desc,
                staff_id desc
        ) as version_rank

    from work_log

),

logged as (

    select
        {{ surrogate_key(['source_system', 'work_id']) }} as work_key,
        {{ foreign_key(['source_system', 'claim_id']) }} as claim_key,
        source_system,
        -- what was done is not said: without a claim that is sent again, it is an appeal
        'appealed' as action,
        work_date,
        work_minutes,
        recorded_date

    from ranked

    where version_rank = 1 and activity = 'Denial Work'

),

logged_days as (

    select distinct
        claim_key,
        work_date

    from logged

),

denied as (

    select
        claim_key,
        min(recorded_date) as denied_date

    from {{ ref('int_claim__remits') }}

    where is_denied

    group by claim_key

),

written_down as (

    select
        {{ surrogate_key(["'desk'", 'entries.entry_id']) }} as work_key,
        entries.claim_key,
        entries.source_system,
        case
            when entries.action = 'resubmitted' then 'resubmitted'
            when work_actions.worklist = 'appeals and resubmissions' then 'appealed'
        end as action,
        entries.recorded_date as work_date,
        work_actions.work_minutes,
        entries.recorded_date

    from {{ ref('int_desk__entries') }} as entries

    inner join denied
        on entries.claim_key = denied.claim_key
        and entries.recorded_date >= denied.denied_date

    inner join {{ ref('desk_actions') }} as desk_actions
        on entries.action = desk_actions.action

    inner join {{ ref('work_actions') }} as work_actions
        on desk_actions.work_action = work_actions.action

    left join logged_days
        on entries.claim_key = logged_days.claim_key
        and entries.recorded_date = logged_days.work_date

    where logged_days.claim_key is null

),

final as (

    select * from logged

    union all

    select * from written_down

)

select * from final
