-- The spine: one signed row per financial event. A/R is the sum of ar_amount, cash the sum of
-- cash_amount; memo_amount says who owes a balance that has not moved. Every figure of every mart
-- is a sum over these rows, and each row says which file and position it came from. A remittance is
-- posted line by line; what its lines do not say of the claim's payment stays with the claim. A
-- reversal posts the opposite of what it takes back, under the same event types.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

charges as (

    select
        record_key,
        claim_key,
        claim_line_key,
        false as is_reversal,
        'CHARGE' as event_type,
        event_date,
        recorded_date,
        amount as ar_amount,
        {{ money(0) }} as cash_amount,
        {{ money(0) }} as memo_amount,
        cast(null as {{ dbt.type_string() }}) as group_code,
        cast(null as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from {{ ref('int_claim__charges') }}

),

-- payments, refunds (below zero), corrections and write-offs that the hospital's own staff post
postings as (

    select
        transaction_key as record_key,
        claim_key,
        {{ null_key() }} as claim_line_key,
        false as is_reversal,
        event_type,
        coalesce(paid_date, recorded_date) as event_date,
        recorded_date,
        {{ money(
            "case
                when event_type in ('PATIENT_PAYMENT', 'REFUND') then -paid_amount
                when event_type = 'CHARGE_CORRECTION' then amount
                else -amount
            end"
        ) }} as ar_amount,
        {{ money(
            "case when event_type in ('PATIENT_PAYMENT', 'REFUND') then paid_amount else 0 end"
        ) }} as cash_amount,
        {{ money(0) }} as memo_amount,
        cast(null as {{ dbt.type_string() }}) as group_code,
        cast(null as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from {{ ref('int_transaction__current') }}

    where event_type <> 'CHARGE'

),

remits as (

    select * from {{ ref('int_claim__remits') }}

    where not is_predetermination

),

remit_lines as (

    select * from {{ ref('int_claim__remit_lines') }}

),

line_payments as (

    select
        remit_claim_key,
        sum(paid_amount) as paid_amount

    from remit_lines

    group by remit_claim_key

),

payments as (

    select
        remit_lines.remit_line_key as record_key,
        remits.claim_key,
        remit_lines.claim_line_key,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        remit_lines.paid_amount,
        remit_lines._source_file,
        remit_lines._source_position

    from remit_lines

    inner join remits
        on remit_lines.remit_claim_key = remits.remit_claim_key

    union all

    select
        remits.remit_claim_key as record_key,
        remits.claim_key,
        {{ null_key() }} as claim_line_key,
        remits.is_reversal,
        remits.payment_date,
        remits.recorded_date,
        {{ money('remits.paid_amount - coalesce(line_payments.paid_amount, 0)') }} as paid_amount,
        remits._source_file,
        remits._source_position

    from remits

    left join line_payments
        on remits.remit_claim_key = line_payments.remit_claim_key

),

remit_payments as (

    select
        record_key,
        claim_key,
        claim_line_key,
        is_reversal,
        'PAYER_PAYMENT' as event_type,
        payment_date as event_date,
        recorded_date,
        {{ money('-paid_amount') }} as ar_amount,
        paid_amount as cash_amount,
        {{ money(0) }} as memo_amount,
        cast(null as {{ dbt.type_string() }}) as group_code,
        cast(null as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from payments

    where paid_amount <> 0

),

remit_adjustments as (

    select
        remits.remit_claim_key as record_key,
        remits.claim_key,
        remit_lines.claim_line_key,
        remits.is_reversal,
        adjustments.event_type,
        remits.payment_date as event_date,
        remits.recorded_date,
        case
            when adjustments.event_type = 'CONTRACTUAL' then {{ money('-adjustments.amount') }}
            else {{ money(0) }}
        end as ar_amount,
        {{ money(0) }} as cash_amount,
        case
            when adjustments.event_type = 'CONTRACTUAL' then {{ money(0) }}
            else {{ money('adjustments.amount') }}
        end as memo_amount,
        adjustments.group_code,
        adjustments.reason_code,
        adjustments._source_file,
        adjustments._source_position

    from {{ ref('int_claim__remit_adjustments') }} as adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    left join remit_lines
        on adjustments.remit_claim_key = remit_lines.remit_claim_key
        and adjustments.line_no = remit_lines.line_no

),

synthea as (

    select
        {{ surrogate_key(['source_system', 'transaction_id']) }} as record_key,
        {{ surrogate_key(['source_system', 'claim_id']) }} as claim_key,
        case
            when event_type = 'CHARGE'
                then {{ surrogate_key(['source_system', 'transaction_id']) }}
        end as claim_line_key,
        false as is_reversal,
        event_type,
        event_date,
        event_date as recorded_date,
        ar_amount,
        cash_amount,
        memo_amount,
        cast(null as {{ dbt.type_string() }}) as group_code,
        cast(null as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from {{ ref('int_synthea__ledger_events') }}

),

claim_events as (

    select * from charges
    union all
    select * from postings
    union all
    select * from remit_payments
    union all
    select * from remit_adjustments
    union all
    select * from synthea

),

claim_entries as (

    select
        claim_events.record_key,
        claim_events.claim_key,
        claim_events.claim_line_key,
        headers.source_system,
        headers.encounter_key,
        headers.patient_key,
        headers.provider_key,
        headers.payer_key,
        headers.facility_key,
        claim_events.event_type,
        claim_events.is_reversal,
        claim_events.event_date,
        claim_events.recorded_date,
        claim_events.ar_amount,
        claim_events.cash_amount,
        claim_events.memo_amount,
        claim_events.group_code,
        claim_events.reason_code,
        claim_events._source_file,
        claim_events._source_position

    from claim_events

    left join headers
        on claim_events.claim_key = headers.claim_key

),

-- what a payer adds to or takes from a whole payment belongs to no claim; the cash still moved
provider_level_entries as (

    select
        remit_payment_key as record_key,
        {{ null_key() }} as claim_key,
        {{ null_key() }} as claim_line_key,
        claim_source_system as source_system,
        {{ null_key() }} as encounter_key,
        {{ null_key() }} as patient_key,
        {{ null_key() }} as provider_key,
        payer_key,
        facility_key,
        event_type,
        false as is_reversal,
        payment_date as event_date,
        recorded_date,
        {{ money(0) }} as ar_amount,
        {{ money('-amount') }} as cash_amount,
        {{ money(0) }} as memo_amount,
        'PLB' as group_code,
        reason_code,
        _source_file,
        _source_position

    from {{ ref('int_cash__provider_adjustments') }}

),

-- a deposit is cash when it comes; the remittance that explains it is cash too when it is recorded,
-- and takes the deposit's place
unapplied as (

    select
        deposit_key as record_key,
        claim_source_system as source_system,
        payer_key,
        facility_key,
        deposit_date as event_date,
        recorded_date,
        deposit_amount as cash_amount,
        _source_file,
        _source_position

    from {{ ref('int_cash__unapplied_deposits') }}

    union all

    select
        {{ surrogate_key(['deposit_key', "'applied'"]) }} as record_key,
        claim_source_system as source_system,
        payer_key,
        facility_key,
        deposit_date as event_date,
        applied_date as recorded_date,
        -deposit_amount as cash_amount,
        _source_file,
        _source_position

    from {{ ref('int_cash__unapplied_deposits') }}

    where applied_date is not null

),

unapplied_entries as (

    select
        record_key,
        {{ null_key() }} as claim_key,
        {{ null_key() }} as claim_line_key,
        source_system,
        {{ null_key() }} as encounter_key,
        {{ null_key() }} as patient_key,
        {{ null_key() }} as provider_key,
        payer_key,
        facility_key,
        'UNAPPLIED_CASH' as event_type,
        false as is_reversal,
        event_date,
        recorded_date,
        {{ money(0) }} as ar_amount,
        {{ money('cash_amount') }} as cash_amount,
        {{ money(0) }} as memo_amount,
        cast(null as {{ dbt.type_string() }}) as group_code,
        cast(null as {{ dbt.type_string() }}) as reason_code,
        _source_file,
        _source_position

    from unapplied

),

entries as (

    select * from claim_entries
    union all
    select * from provider_level_entries
    union all
    select * from unapplied_entries

),

numbered as (

    select
        *,
        -- a record can carry several events of a kind. The record, not its file, makes the key: of
        -- two files with the same content, either may be the first to come
        row_number() over (
            partition by record_key, event_type
            order by
                _source_position,
                claim_key,
                group_code,
                reason_code,
                ar_amount,
                memo_amount,
                cash_amount
        ) as event_number

    from entries

),

final as (

    select
        {{ surrogate_key(['record_key', 'event_type', 'event_number']) }} as ledger_entry_key,
        claim_key,
        claim_line_key,
        source_system,
        encounter_key,
        patient_key,
        provider_key,
        payer_key,
        facility_key,
        event_type,
        is_reversal,
        event_date,
        recorded_date,
        {{ money('ar_amount') }} as ar_amount,
        {{ money('cash_amount') }} as cash_amount,
        {{ money('memo_amount') }} as memo_amount,
        group_code,
        reason_code,
        _source_file as source_file,
        _source_position as source_position

    from numbered

)

select * from final
