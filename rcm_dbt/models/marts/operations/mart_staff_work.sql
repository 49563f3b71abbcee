-- What each person did at the operations desk in a week, and what came in afterwards. A claim
-- counts once a week, with what was open on it when it was first worked. A payment counts once, for
-- the person who worked the claim last before it, in the week of that work, and only within the
-- window; it may have come without the work.
with

entries as (

    select
        *,
        {{ week_start('recorded_date') }} as work_week

    from {{ ref('int_desk__entries') }}

),

touches as (

    select
        *,
        row_number() over (
            partition by made_by, work_week, claim_key
            order by made_at, entry_number, entry_id
        ) as touch_number

    from entries

    where effect = 'touch' and claim_key is not null

),

ledger as (

    select
        claim_key,
        recorded_date,
        ar_amount,
        cash_amount

    from {{ ref('int_ledger__entries') }}

    where claim_key in (select touches.claim_key from touches)

),

worked as (

    select
        touches.made_by,
        touches.work_week,
        count(distinct touches.claim_key) as claim_count,
        coalesce(sum(ledger.ar_amount), 0) as worked_amount

    from touches

    left join ledger
        on touches.claim_key = ledger.claim_key
        and touches.recorded_date >= ledger.recorded_date

    where touches.touch_number = 1

    group by
        touches.made_by,
        touches.work_week

),

-- what came in on a worked claim on a day after, and whose work was the last before it
cash as (

    select
        claim_key,
        recorded_date,
        sum(cash_amount) as cash_amount

    from ledger

    group by
        claim_key,
        recorded_date

    having sum(cash_amount) <> 0

),

credited as (

    select
        touches.made_by,
        touches.work_week,
        cash.cash_amount,
        row_number() over (
            partition by cash.claim_key, cash.recorded_date
            order by touches.made_at desc, touches.entry_number desc, touches.entry_id desc
        ) as lateness

    from cash

    inner join touches
        on cash.claim_key = touches.claim_key
        and cash.recorded_date > touches.recorded_date
        and {{ days_between('touches.recorded_date', 'cash.recorded_date') }}
        <= {{ setting('backtest_window_days') }}

),

came_in as (

    select
        made_by,
        work_week,
        sum(cash_amount) as paid_amount

    from credited

    where lateness = 1

    group by
        made_by,
        work_week

),

counts as (

    select
        made_by,
        work_week,
        count(*) as entry_count,
        {{ sum_where('1', "effect = 'touch'") }} as touch_count

    from entries

    group by
        made_by,
        work_week

),

final as (

    select
        {{ surrogate_key(['counts.made_by', 'counts.work_week']) }} as staff_work_key,
        counts.made_by,
        counts.work_week,
        cast(counts.entry_count as {{ dbt.type_bigint() }}) as entry_count,
        cast(counts.touch_count as {{ dbt.type_bigint() }}) as touch_count,
        cast(coalesce(worked.claim_count, 0) as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('coalesce(worked.worked_amount, 0)') }} as worked_amount,
        {{ money('coalesce(came_in.paid_amount, 0)') }} as paid_amount

    from counts

    left join worked
        on counts.made_by = worked.made_by
        and counts.work_week = worked.work_week

    left join came_in
        on counts.made_by = came_in.made_by
        and counts.work_week = came_in.work_week

)

select * from final
