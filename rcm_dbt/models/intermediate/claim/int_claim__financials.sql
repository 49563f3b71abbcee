-- Each claim's money, as sums over its ledger entries. The open balance is the latest one
-- (charges less everything that reduced them), not the highest that was ever outstanding.
{{ config(meta={'claims_from': ['int_ledger__entries']}) }}
with

entries as (

    select * from {{ ref('int_ledger__entries') }}

    where claim_key is not null

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

final as (

    select
        entries.claim_key,
        {{ money(sum_where('entries.ar_amount', "event_types.measure_class = 'charge'")) }}
            as charge_amount,
        {{ money(sum_where('-entries.ar_amount', "event_types.measure_class = 'contractual'")) }}
            as contractual_amount,
        {{ money(sum_where('entries.cash_amount', "event_types.measure_class = 'payer_cash'")) }}
            as payer_paid_amount,
        {{ money(sum_where('entries.cash_amount', "event_types.measure_class = 'patient_cash'")) }}
            as patient_paid_amount,
        {{ money(sum_where('-entries.ar_amount', "event_types.measure_class = 'write_off'")) }}
            as write_off_amount,
        {{ money(sum_where('entries.memo_amount', "entries.event_type = 'DENIAL_HOLD'")) }}
            as denied_amount,
        {{ money(sum_where('entries.memo_amount', "entries.event_type = 'TRANSFER_TO_PATIENT'")) }}
            as patient_responsibility_amount,
        {{ money(sum_where(
            'entries.memo_amount',
            "entries.event_type in ('TRANSFER_TO_PATIENT', 'TRANSFER_TO_SECONDARY')
            and entries.memo_amount > 0"
        )) }} as transfer_amount,
        {{ money('sum(entries.ar_amount)') }} as open_amount,
        count(*) as transaction_count,
        min(entries.event_date) as first_event_date,
        max(entries.event_date) as last_event_date,
        min(case
            when event_types.measure_class = 'payer_cash' and entries.cash_amount > 0
                then entries.event_date
        end) as first_payer_payment_date

    from entries

    inner join event_types
        on entries.event_type = event_types.event_type

    group by entries.claim_key

)

select * from final
