-- What someone says that a bank deposit pays, or does not pay: the last decision about each deposit
-- and payment.
with

decisions as (

    select
        record_id as deposit_id,
        remit_payment_key,
        decision,
        effective_date,
        row_number() over (
            partition by record_id, remit_payment_key
            order by decided_at desc, decision_id asc
        ) as decision_rank

    from {{ ref('stg_platform__exception_decisions') }}

    where decision in ('matched', 'unmatched')

),

final as (

    select
        deposit_id,
        remit_payment_key,
        decision = 'matched' as is_matched,
        effective_date

    from decisions

    where decision_rank = 1

)

select * from final
