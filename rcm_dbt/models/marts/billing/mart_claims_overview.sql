-- Claims by month of service and the usual ways to cut them. Every measure adds up; an average is
-- a sum over a count, made where it is shown.
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

queue as (

    select
        claim_key,
        priority_bucket

    from {{ ref('mart_claim_priority_queue') }}

),

final as (

    select
        {{ month_start('claims.service_date') }} as service_month,
        claims.facility_key,
        claims.provider_key,
        claims.payer_key,
        service_types.service_type,
        claims.claim_status,
        coalesce(queue.priority_bucket, 'not in queue') as priority_bucket,
        count(*) as claim_count,
        {{ money('sum(claims.charge_amount)') }} as charge_amount,
        {{ money('sum(claims.payer_paid_amount + claims.patient_paid_amount)') }} as payment_amount,
        {{ money('sum(claims.contractual_amount + claims.write_off_amount)') }}
            as adjustment_amount,
        {{ money('sum(claims.transfer_amount)') }} as transfer_amount,
        {{ money('sum(case when claims.open_amount > 0 then claims.open_amount else 0 end)') }}
            as outstanding_amount,
        {{ money('sum(case when claims.open_amount < 0 then claims.open_amount else 0 end)') }}
            as credit_amount,
        cast(sum(claims.transaction_count) as {{ dbt.type_bigint() }}) as transaction_count,
        max(claims.transaction_count) as max_transaction_count

    from claims

    inner join {{ ref('int_claim__service_types') }} as service_types
        on claims.claim_key = service_types.claim_key

    left join queue
        on claims.claim_key = queue.claim_key

    group by
        {{ month_start('claims.service_date') }},
        claims.facility_key,
        claims.provider_key,
        claims.payer_key,
        service_types.service_type,
        claims.claim_status,
        coalesce(queue.priority_bucket, 'not in queue')

)

select * from final
