{{ config(**physical_layout('collection_date', ['claim_key'])) }}

-- Every movement of cash, with how it came and how sure it is: only what reached the bank, or what
-- the hospital has posted itself, has cleared. Its sum is the cash of the ledger.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

),

reconciliation as (

    select * from {{ ref('int_cash__reconciliation') }}

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

provider_adjustments as (

    select
        *,
        row_number() over (
            partition by remit_payment_key
            order by _source_position, reason_code, reference_id, amount
        ) as adjustment_number

    from {{ ref('int_cash__provider_adjustments') }}

    where amount <> 0

),

announced as (

    select
        {{ surrogate_key(['remit_claim_key']) }} as collection_key,
        remit_payment_key,
        claim_key,
        'payer' as collected_from,
        payment_date as collection_date,
        recorded_date,
        paid_amount as collected_amount

    from {{ ref('int_claim__remits') }}

    where paid_amount <> 0 and not is_predetermination

    union all

    select
        {{ surrogate_key(['remit_payment_key', 'adjustment_number']) }} as collection_key,
        remit_payment_key,
        {{ null_key() }} as claim_key,
        case
            when event_type = 'CAPITATION' then 'payer, capitation'
            else 'payer, outside any claim'
        end as collected_from,
        payment_date as collection_date,
        recorded_date,
        {{ money('-amount') }} as collected_amount

    from provider_adjustments

),

by_remittance as (

    select
        announced.collection_key,
        announced.claim_key,
        payments.claim_source_system as source_system,
        payments.facility_key,
        payments.payer_key,
        announced.collected_from,
        case payments.payment_method
            when 'ACH' then 'electronic transfer'
            when 'CHK' then 'check'
            when 'NON' then 'no payment'
            else 'other'
        end as collection_method,
        payments.trace_number,
        case
            when reconciliation.deposit_status = 'not applicable' then 'announced'
            when reconciliation.deposit_status = 'timing' then 'in transit'
            -- also less the fee of a card, or short: what differs is a finding
            when
                reconciliation.deposit_status = 'matched'
                or reconciliation.deposited_amount is not null
                then 'deposited'
            else 'not deposited'
        end as collection_status,
        announced.collection_date,
        announced.recorded_date,
        announced.collected_amount

    from announced

    inner join payments
        on announced.remit_payment_key = payments.remit_payment_key

    inner join reconciliation
        on announced.remit_payment_key = reconciliation.remit_payment_key

),

-- cash that the hospital's own books or its bank alone tell of, and all of Synthea's
by_posting as (

    select
        entries.ledger_entry_key as collection_key,
        entries.claim_key,
        entries.source_system,
        entries.facility_key,
        entries.payer_key,
        case
            when event_types.measure_class = 'patient_cash' then 'patient'
            when entries.event_type = 'UNAPPLIED_CASH' then 'payer, outside any claim'
            else 'payer'
        end as collected_from,
        case
            when entries.event_type = 'REFUND' then 'refund'
            when entries.event_type = 'UNAPPLIED_CASH' then 'bank deposit'
            else 'hospital posting'
        end as collection_method,
        cast(null as {{ dbt.type_string() }}) as trace_number,
        case when entries.event_type = 'UNAPPLIED_CASH' then 'deposited' else 'posted' end
            as collection_status,
        entries.event_date as collection_date,
        entries.recorded_date,
        entries.cash_amount as collected_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join event_types
        on entries.event_type = event_types.event_type

    where
        entries.cash_amount <> 0
        and (
            event_types.measure_class = 'patient_cash'
            -- at the bank, and not yet on any remittance
            or (entries.event_type = 'UNAPPLIED_CASH' and entries.group_code is null)
            or (event_types.measure_class = 'payer_cash' and entries.source_system = 'synthea')
        )

),

unioned as (

    select * from by_remittance
    union all
    select * from by_posting

),

final as (

    select
        unioned.collection_key,
        unioned.claim_key,
        unioned.source_system,
        headers.encounter_key,
        headers.patient_key,
        headers.provider_key,
        -- the claim's own payer: a second payer's cash stands under the first, as in the ledger
        coalesce(headers.payer_key, unioned.payer_key) as payer_key,
        unioned.payer_key as paid_by_payer_key,
        coalesce(headers.facility_key, unioned.facility_key) as facility_key,
        unioned.collected_from,
        unioned.collection_method,
        unioned.trace_number,
        unioned.collection_status,
        unioned.collection_date,
        unioned.recorded_date,
        {{ money('unioned.collected_amount') }} as collected_amount,
        {{ money(
            "case when unioned.collection_status in ('deposited', 'posted')
                then unioned.collected_amount else 0 end"
        ) }} as cleared_amount

    from unioned

    left join headers
        on unioned.claim_key = headers.claim_key

)

select * from final
