-- What the order of each list of work would have brought in at past month ends, against the largest
-- or the oldest first, for the same staff hours: of denied claims those of a month; of each other
-- list as many as a share of it takes. What came would partly have come without work: it says which
-- order finds the money, not what work brings.
with

items as (

    select
        *,
        {{ integer_divide(
            'sum(work_minutes) over (partition by worklist, facility_key, report_date)'
            ' * ' ~ setting('backtest_list_percent'), '100'
        ) }} as budget_minutes

    from {{ ref('int_queue__past_lists') }}

),

ranked as (

    select
        *,
        'list order' as ranking,
        sum(work_minutes) over (
            partition by worklist, facility_key, report_date
            order by expected_value_amount desc, open_amount desc, claim_key asc
            rows between unbounded preceding and current row
        ) as minutes_so_far

    from items

    union all

    select
        *,
        'largest first' as ranking,
        sum(work_minutes) over (
            partition by worklist, facility_key, report_date
            order by open_amount desc, claim_key asc
            rows between unbounded preceding and current row
        ) as minutes_so_far

    from items

    union all

    select
        *,
        'oldest first' as ranking,
        sum(work_minutes) over (
            partition by worklist, facility_key, report_date
            order by service_date asc, open_amount desc, claim_key asc
            rows between unbounded preceding and current row
        ) as minutes_so_far

    from items

),

tested as (

    select
        report_date,
        facility_key,
        worklist,
        ranking,
        cast(count(*) as {{ dbt.type_bigint() }}) as candidate_claim_count,
        cast(min(budget_minutes) as {{ dbt.type_bigint() }}) as budget_minutes,
        cast({{ sum_where('1', 'minutes_so_far <= budget_minutes') }} as {{ dbt.type_bigint() }})
            as selected_claim_count,
        cast(
            {{ sum_where('work_minutes', 'minutes_so_far <= budget_minutes') }}
            as {{ dbt.type_bigint() }}
        ) as selected_minutes,
        {{ money(sum_where('recovered_amount', 'minutes_so_far <= budget_minutes')) }}
            as recovered_amount

    from ranked

    group by
        report_date,
        facility_key,
        worklist,
        ranking

),

denied as (

    select * from {{ ref('mart_queue_backtest') }}

    where
        budget = 'one month'
        and candidate_set = 'denied and open'
        and ranking <> 'priority score'

),

final as (

    select
        report_date,
        facility_key,
        worklist,
        ranking,
        candidate_claim_count,
        budget_minutes,
        selected_claim_count,
        selected_minutes,
        recovered_amount

    from tested

    union all

    select
        report_date,
        facility_key,
        'appeals and resubmissions' as worklist,
        case when ranking = 'expected value' then 'list order' else ranking end as ranking,
        candidate_claim_count,
        budget_minutes,
        selected_claim_count,
        selected_minutes,
        recovered_amount

    from denied

)

select * from final
