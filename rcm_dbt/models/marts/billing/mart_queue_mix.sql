-- What the queue is made of, cut in three ways. A queue whose claims all stand in one bucket tells
-- nobody where to begin: the entropy of a cut says how much it tells.
with

queue as (

    select * from {{ ref('mart_claim_priority_queue') }}

),

cuts as (

    select
        'age bucket' as cut,
        age_bucket as bucket,
        outstanding_amount,
        expected_value_amount

    from queue

    union all

    select
        'priority bucket' as cut,
        priority_bucket as bucket,
        outstanding_amount,
        expected_value_amount

    from queue

    union all

    select
        'next best action' as cut,
        next_best_action as bucket,
        outstanding_amount,
        expected_value_amount

    from queue

),

buckets as (

    select
        cut,
        bucket,
        cast(count(*) as {{ dbt.type_bigint() }}) as claim_count,
        {{ money('sum(outstanding_amount)') }} as outstanding_amount,
        {{ money(sum_where('expected_value_amount', 'expected_value_amount > 0')) }}
            as worthwhile_amount

    from cuts

    group by
        cut,
        bucket

),

shares as (

    select
        *,
        claim_count * 1.0 / sum(claim_count) over (partition by cut) as claim_share

    from buckets

),

final as (

    select
        cut,
        bucket,
        claim_count,
        outstanding_amount,
        worthwhile_amount,
        cast(
            sum(-claim_share * ln(claim_share) / ln(2.0)) over (partition by cut)
            as decimal(9, 4)
        ) as entropy_bits

    from shares

)

select * from final
