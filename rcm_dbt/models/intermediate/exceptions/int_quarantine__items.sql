-- Each piece that was held, with what became of it. A piece that was loaded later counts as held no
-- more as of any date, as its rows are visible from its arrival on; it was open until the day on
-- which that was decided.
with

items as (

    select * from {{ ref('stg_platform__quarantine') }}

),

decisions as (

    select
        *,
        row_number() over (
            partition by quarantine_id
            order by
                -- what is loaded is loaded, whatever was decided before or after
                case when decision in ('loaded', 'released') then 0 else 1 end asc,
                decided_at desc,
                decision_id asc
        ) as decision_rank

    from {{ ref('stg_platform__quarantine_decisions') }}

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
        decisions.decision,
        decisions.decided_by,
        decisions.decision_reason,
        first_decisions.closed_date,
        coalesce(decisions.decision in ('loaded', 'released'), false) as is_loaded,
        -- a decision counts from its day on; as of any day before, the piece was open
        coalesce(first_decisions.closed_date > {{ as_of_date() }}, true) as is_open

    from items

    left join decisions
        on items.quarantine_id = decisions.quarantine_id
        and decisions.decision_rank = 1

    left join first_decisions
        on items.quarantine_id = first_decisions.quarantine_id

)

select * from final
