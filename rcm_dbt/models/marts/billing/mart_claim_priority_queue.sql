-- Which open balances to work first, in two orders: by the score from 1 to 11 and by what the work
-- is expected to bring in. Settled and credit claims are not here, as nobody owes us anything on
-- them. A claim that waits for its follow-up date is here with its dollars, and has no place in
-- either order.
with

open_claims as (

    select * from {{ ref('int_claim__enriched') }}

    where open_amount > 0

),

scores as (

    select
        claim_key,
        cast(sum(points) as {{ dbt.type_int() }}) as priority_score,
        max(case when factor = 'outstanding_amount' then points end) as outstanding_points,
        max(case when factor = 'transaction_count' then points end) as transaction_points,
        max(case when factor = 'age_days' then points end) as age_points,
        max(priority_bucket) as priority_bucket,
        max(case when factor = 'outstanding_amount' then reason end) as outstanding_reason,
        max(case when factor = 'transaction_count' then reason end) as transaction_reason,
        max(case when factor = 'age_days' then reason end) as age_reason

    from {{ ref('int_queue__points') }}

    where is_current

    group by claim_key

),

expected_values as (

    select * from {{ ref('int_queue__expected_values') }}

    where is_current

),

shares as (

    select
        claim_key,
        payer_key is not null
        and 100 * sum(open_amount) over (partition by payer_key)
        >= {{ setting('payer_concentration_percent') }} * sum(open_amount) over ()
            as is_payer_concentrated,
        facility_key is not null
        and 100 * sum(open_amount) over (partition by facility_key)
        >= {{ setting('facility_concentration_percent') }} * sum(open_amount) over ()
            as is_facility_concentrated,
        provider_key is not null
        and 100 * sum(open_amount) over (partition by provider_key)
        >= {{ setting('provider_concentration_percent') }} * sum(open_amount) over ()
            as is_provider_concentrated

    from open_claims

),

desk as (

    select * from {{ ref('int_desk__claims') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

providers as (

    select * from {{ ref('int_provider__current') }}

),

final as (

    select
        open_claims.claim_key,
        cast(case
            when desk.waiting_until_date is null
                then row_number() over (
                        order by
                            case when desk.waiting_until_date is null then 0 else 1 end asc,
                            scores.priority_score desc,
                            open_claims.open_amount desc,
                            open_claims.claim_key asc
                    )
        end as {{ dbt.type_bigint() }}) as queue_position,
        open_claims.source_system,
        open_claims.claim_id,
        open_claims.patient_key,
        open_claims.facility_key,
        facilities.facility_name,
        open_claims.payer_key,
        payers.payer_name,
        open_claims.provider_key,
        providers.provider_name,
        open_claims.claim_status,
        open_claims.service_date,
        open_claims.age_days,
        open_claims.age_bucket,
        open_claims.transaction_count,
        open_claims.open_amount as outstanding_amount,
        scores.priority_bucket,
        scores.priority_score,
        scores.outstanding_points,
        scores.transaction_points,
        scores.age_points,
        coalesce(
            nullif({{ join_texts([
                'scores.outstanding_reason', 'scores.age_reason', 'scores.transaction_reason',
            ], '; ') }}, ''),
            'Lower relative risk'
        ) as priority_reasons,
        expected_values.worklist,
        expected_values.next_best_action,
        expected_values.deadline_date,
        expected_values.days_to_deadline,
        expected_values.recovery_odds,
        expected_values.recoverable_amount,
        expected_values.work_minutes,
        expected_values.work_cost_amount,
        expected_values.expected_value_amount,
        cast(case
            when desk.waiting_until_date is null
                then row_number() over (
                        order by
                            case when desk.waiting_until_date is null then 0 else 1 end asc,
                            expected_values.expected_value_amount desc,
                            open_claims.open_amount desc,
                            open_claims.claim_key asc
                    )
        end as {{ dbt.type_bigint() }}) as expected_value_rank,
        shares.is_payer_concentrated,
        shares.is_facility_concentrated,
        shares.is_provider_concentrated,
        desk.waiting_until_date,
        coalesce(desk.touch_count, 0) as touch_count,
        desk.last_action,
        desk.last_outcome,
        desk.last_worked_by,
        desk.last_worked_at,
        desk.assigned_to

    from open_claims

    inner join scores
        on open_claims.claim_key = scores.claim_key

    inner join expected_values
        on open_claims.claim_key = expected_values.claim_key

    inner join shares
        on open_claims.claim_key = shares.claim_key

    left join desk
        on open_claims.claim_key = desk.claim_key

    left join facilities
        on open_claims.facility_key = facilities.facility_key

    left join payers
        on open_claims.payer_key = payers.payer_key

    left join providers
        on open_claims.provider_key = providers.provider_key

)

select * from final
