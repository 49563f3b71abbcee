-- What went into quarantine and out of it on each day, and what was open at its end; by source,
-- rule and level, from the first day on which there was any. Reference files without a date count
-- on the first day of the calendar.
with

calendar as (

    select date_day from {{ ref('int_date__days') }}

    where date_day <= {{ as_of_date() }}

),

bounds as (

    select min(date_day) as first_day from calendar

),

items as (

    select
        items.source_system,
        items.rule_id,
        items.quarantine_level,
        coalesce(items.dollar_amount, 0) as dollar_amount,
        greatest(items.recorded_date, bounds.first_day) as held_date,
        greatest(items.closed_date, items.recorded_date, bounds.first_day) as closed_date,
        items.is_open

    from {{ ref('int_quarantine__items') }} as items

    cross join bounds

),

movements as (

    select
        held_date as date_day,
        source_system,
        rule_id,
        quarantine_level,
        1 as held_count,
        dollar_amount as held_amount,
        0 as closed_count,
        0 as closed_amount

    from items

    union all

    select
        closed_date as date_day,
        source_system,
        rule_id,
        quarantine_level,
        0 as held_count,
        0 as held_amount,
        1 as closed_count,
        dollar_amount as closed_amount

    from items

    where not is_open

),

groups_held as (

    select
        source_system,
        rule_id,
        quarantine_level,
        min(held_date) as first_date

    from items

    group by
        source_system,
        rule_id,
        quarantine_level

),

daily as (

    select
        calendar.date_day,
        groups_held.source_system,
        groups_held.rule_id,
        groups_held.quarantine_level,
        coalesce(sum(movements.held_count), 0) as held_count,
        coalesce(sum(movements.held_amount), 0) as held_amount,
        coalesce(sum(movements.closed_count), 0) as closed_count,
        coalesce(sum(movements.closed_amount), 0) as closed_amount

    from groups_held

    inner join calendar
        on groups_held.first_date <= calendar.date_day

    left join movements
        on calendar.date_day = movements.date_day
        and groups_held.source_system = movements.source_system
        and groups_held.rule_id = movements.rule_id
        and groups_held.quarantine_level = movements.quarantine_level

    group by
        calendar.date_day,
        groups_held.source_system,
        groups_held.rule_id,
        groups_held.quarantine_level

),

final as (

    select
        date_day,
        source_system,
        rule_id,
        quarantine_level,
        held_count,
        held_amount,
        closed_count,
        closed_amount,
        sum(held_count - closed_count) over (
            partition by source_system, rule_id, quarantine_level
            order by date_day
            rows between unbounded preceding and current row
        ) as open_count,
        sum(held_amount - closed_amount) over (
            partition by source_system, rule_id, quarantine_level
            order by date_day
            rows between unbounded preceding and current row
        ) as open_amount

    from daily

)

select
    date_day,
    source_system,
    rule_id,
    quarantine_level,
    cast(held_count as {{ dbt.type_bigint() }}) as held_count,
    {{ money('held_amount') }} as held_amount,
    cast(closed_count as {{ dbt.type_bigint() }}) as closed_count,
    {{ money('closed_amount') }} as closed_amount,
    cast(open_count as {{ dbt.type_bigint() }}) as open_count,
    {{ money('open_amount') }} as open_amount

from final
