-- The claims whose work is expected to bring in most, by surrogate key, for those who may not see
-- single patients: why they wait and what to do next, with dollars and age in bands.
with

queue as (

    select * from {{ ref('mart_claim_priority_queue') }}

    where expected_value_rank <= 10

),

ranked_denials as (

    select
        claim_key,
        reason_code,
        row_number() over (
            partition by claim_key
            order by recorded_date desc, denied_amount desc, denial_event_key asc
        ) as denial_rank

    from {{ ref('fct_denial_events') }}

    where claim_key in (select queue.claim_key from queue)

),

final as (

    select
        queue.claim_key,
        queue.expected_value_rank,
        queue.facility_key,
        queue.payer_key,
        queue.next_best_action,
        ranked_denials.reason_code,
        queue.age_bucket,
        case
            when queue.outstanding_amount < 1000 then 'under $1,000'
            when queue.outstanding_amount < 5000 then '$1,000 to $5,000'
            when queue.outstanding_amount < 25000 then '$5,000 to $25,000'
            else '$25,000 or more'
        end as outstanding_band,
        queue.days_to_deadline < 0 as has_missed_deadline

    from queue

    left join ranked_denials
        on queue.claim_key = ranked_denials.claim_key
        and ranked_denials.denial_rank = 1

)

select * from final
