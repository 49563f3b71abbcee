-- What stands decided about each record that breaks a rule, as of the date: the last decision. A
-- waiver holds until its day; from the next on the exception is open again.
with

decisions as (

    select
        *,
        row_number() over (
            partition by exception_key
            order by decided_at desc, decision_id asc
        ) as decision_rank

    from {{ ref('stg_platform__exception_decisions') }}

    where decision in ('waived', 'closed', 'reopened')

),

final as (

    select
        exception_key,
        rule_id,
        source_system,
        record_type,
        record_id,
        decision,
        decision_reason,
        decided_by,
        effective_date,
        until_date,
        _source_file,
        _source_position

    from decisions

    where
        decision_rank = 1
        and decision <> 'reopened'
        and (until_date is null or until_date >= {{ as_of_date() }})

)

select * from final
