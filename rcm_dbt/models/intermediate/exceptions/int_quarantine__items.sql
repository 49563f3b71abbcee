-- Each item that was held, with what became of it. An item that was loaded later counts as held no
-- more as of any date, as its rows are visible from its arrival on; it was open until the day on
-- which that was decided.
with

items as (

    select * from {{ ref('stg_platform__quarantine') }}

),

decisions as (

    select
        *,
        decision in ('loaded', 'released') as is_loaded

    from {{ ref('stg_platform__quarantine_decisions') }}

),

ranked_decisions as (

    select
        *,
        row_number() over (
            partition by quarantine_id
            order by
                -- what is loaded is loaded, whatever was decided before or after
                case when is_loaded then 0 else 1 end asc,
                decided_at desc,
                decision_id asc
        ) as decision_rank

    from decisions

),

first_decisions as (

    select
        quarantine_id,
        min(effective_date) as closed_date

    from decisions

    group by quarantine_id

),

final as (

    select
        items.*,
        ranked_decisions.decision,
        ranked_decisions.decided_by,
        ranked_decisions.decision_reason,
        first_decisions.closed_date,
        coalesce(ranked_decisions.is_loaded, false) as is_loaded,
        -- a decision counts from its day on; as of any day before, the item was open
        coalesce(first_decisions.closed_date > {{ as_of_date() }}, true) as is_open

    from items

    left join ranked_decisions
        on items.quarantine_id = ranked_decisions.quarantine_id
        and ranked_decisions.decision_rank = 1

    left join first_decisions
        on items.quarantine_id = first_decisions.quarantine_id

)

select * from final
