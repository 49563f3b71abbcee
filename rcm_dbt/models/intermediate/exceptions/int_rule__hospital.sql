-- What the hospitals' own systems bring: several claims of a visit and kind (M6), late charges
-- (H1), bills that are paid twice (H2), totals of a visit other than that of its items (H3), claims
-- that the journal of an export knows alone (N9), codes in another casing (S1), columns that nobody
-- announced (S2), journal entries of a kind that nobody listed (T7), numbers that two hospitals
-- share (X1), visits stamped with the next day (Z1) and exported claims of a date that cannot be
-- true (F1).
with

windows as (

    select
        max(case when rule_id = 'H1' then window_days end) as late_charge_days,
        max(case when rule_id = 'H2' then window_days end) as double_payment_days

    from {{ ref('rules') }}

),

transactions as (

    select * from {{ ref('int_transaction__current') }}

),

transaction_types as (

    select
        amount_type,
        lower(amount_type) as plain_amount_type

    from {{ ref('transaction_types') }}

),

sent_columns as (

    select
        sent.source_system,
        sent.transaction_id,
        min(sent.amount_type) as source_amount_type,
        transaction_types.amount_type

    from {{ ref('stg_hospital__transactions') }} as sent

    inner join transaction_types
        on lower(sent.amount_type) = transaction_types.plain_amount_type

    where sent.amount_type <> transaction_types.amount_type

    group by
        sent.source_system,
        sent.transaction_id,
        transaction_types.amount_type

),

set_aside as (

    select * from {{ ref('int_transaction__entries') }}

    where set_aside_reason is not null

),

exports as (

    select
        'claims_csv' as source_system,
        _source_file,
        min(_source_position) as _source_position,
        min(recorded_date) as recorded_date,
        min(unannounced_columns) as unannounced_columns,
        sum(claim_amount) as claim_amount

    from {{ ref('stg_claims_csv__claims') }}

    where unannounced_columns is not null

    group by _source_file

),

claim_charges as (

    select
        source_system,
        encounter_key,
        encounter_id,
        claim_key,
        min(recorded_date) as recorded_date,
        sum(amount) as charge_amount,
        min(_source_file) as _source_file,
        min(_source_position) as _source_position

    from transactions

    where
        event_type = 'CHARGE'
        and encounter_key is not null
        -- what waits for a claim is on none yet
        and claim_id not like 'unbilled %'

    group by
        source_system,
        encounter_key,
        encounter_id,
        claim_key

),

timed_charges as (

    select
        *,
        min(recorded_date) over (partition by encounter_key) as first_recorded_date

    from claim_charges

),

judged_charges as (

    select
        timed_charges.*,
        service_types.service_type,
        {{ days_between('timed_charges.first_recorded_date', 'timed_charges.recorded_date') }}
        > windows.late_charge_days as is_late

    from timed_charges

    inner join {{ ref('int_claim__service_types') }} as service_types
        on timed_charges.claim_key = service_types.claim_key

    cross join windows

),

ranked_charges as (

    select
        *,
        row_number() over (
            partition by encounter_key, service_type, is_late
            order by recorded_date, claim_key
        ) as claim_rank

    from judged_charges

),

-- one row per encounter and kind: its second claim, or its late charges; a clinician's claim beside
-- the facility's is none
second_claims as (

    select * from ranked_charges

    where not is_late and claim_rank = 2

),

late_charges as (

    select
        source_system,
        encounter_key,
        encounter_id,
        min(claim_key) as claim_key,
        min(recorded_date) as recorded_date,
        sum(charge_amount) as charge_amount,
        min(_source_file) as _source_file,
        min(_source_position) as _source_position

    from ranked_charges

    where is_late

    group by
        source_system,
        encounter_key,
        encounter_id

),

remits as (

    select * from {{ ref('int_claim__remits') }}

    where is_decision

),

contractual_reasons as (

    select reason_code

    from {{ ref('carc_codes') }}

    where is_contractual

),

-- what each decision leaves to the patient, without what a contract forbids to bill
shares as (

    select
        remits.claim_key,
        remits.remit_claim_key,
        sum(adjustments.amount) as share_amount

    from remits

    inner join {{ ref('int_claim__remit_adjustments') }} as adjustments
        on remits.remit_claim_key = adjustments.remit_claim_key

    left join contractual_reasons
        on adjustments.reason_code = contractual_reasons.reason_code

    where
        adjustments.group_code = 'PR'
        and contractual_reasons.reason_code is null

    group by
        remits.claim_key,
        remits.remit_claim_key

),

at_visit as (

    select
        claim_key,
        sum(paid_amount) as paid_amount

    from transactions

    where event_type = 'PATIENT_PAYMENT' and paid_date <= service_date

    group by claim_key

),

decided_claims as (

    select distinct claim_key

    from remits

),

own_accounts as (

    select
        transactions.claim_key,
        sum(transactions.amount) as amount

    from (
        select
            claim_key,
            case when event_type = 'CHARGE' then amount else -amount end as amount

        from transactions

        where event_type in ('CHARGE', 'PROMPT_PAY_DISCOUNT')
    ) as transactions

    left join decided_claims
        on transactions.claim_key = decided_claims.claim_key

    where decided_claims.claim_key is null

    group by transactions.claim_key

),

-- what a patient may have been billed: a share, or that less what was collected at the visit
bills as (

    select
        claim_key,
        share_amount as bill_amount

    from shares

    {{ union_distinct() }}

    select
        shares.claim_key,
        shares.share_amount - at_visit.paid_amount as bill_amount

    from shares

    inner join at_visit
        on shares.claim_key = at_visit.claim_key

    {{ union_distinct() }}

    select
        claim_key,
        amount as bill_amount

    from own_accounts

),

payments as (

    select * from transactions

    where
        event_type = 'PATIENT_PAYMENT'
        and paid_amount > 0
        and paid_date > service_date

),

paid_again as (

    select distinct again.transaction_key

    from payments as again

    cross join windows

    inner join payments as earlier
        on again.claim_key = earlier.claim_key
        and again.paid_amount = earlier.paid_amount
        and (
            again.paid_date > earlier.paid_date
            or (
                again.paid_date = earlier.paid_date
                and again.transaction_id > earlier.transaction_id
            )
        )

    left join bills
        on earlier.claim_key = bills.claim_key
        and earlier.paid_amount = bills.bill_amount

    where
        bills.claim_key is not null
        or {{ days_between('earlier.paid_date', 'again.paid_date') }} <= windows.double_payment_days  -- noqa: LT05

),

refunds as (

    select
        claim_key,
        -paid_amount as refund_amount,
        min(recorded_date) as recorded_date

    from transactions

    where event_type = 'REFUND'

    group by
        claim_key,
        paid_amount

),

patients as (

    select
        source_system,
        patient_id,
        min(recorded_date) as recorded_date,
        min(_source_file) as _source_file,
        -- that of a patient's row is the number that names a person
        cast(null as {{ dbt.type_string() }}) as _source_position

    from {{ ref('stg_hospital__patients') }}

    group by
        source_system,
        patient_id

),

-- the hospital that comes first keeps the number; the others' records are the collisions
numbered_patients as (

    select
        *,
        max(recorded_date) over (partition by patient_id) as known_date,
        row_number() over (partition by patient_id order by source_system) as use_number

    from patients

    where patient_id is not null

),

visits as (

    select * from {{ ref('stg_hospital__encounters') }}

),

shifted_visits as (

    select
        source_system,
        encounter_id,
        min(recorded_date) as recorded_date,
        min(_source_file) as _source_file,
        min(_source_position) as _source_position

    from visits

    where {{ days_between('encounter_date', 'cast(inserted_at as date)') }} = 1  -- noqa: LT05

    group by
        source_system,
        encounter_id

),

encounters_with_two_claims as (

    select
        {{ finding(
            "'M6'",
            "'encounter'",
            'second_claims.encounter_id',
            'second_claims',
            amount='second_claims.charge_amount',
            claim_key='second_claims.claim_key',
        ) }}

    from second_claims

),

charges_after_billing as (

    select
        {{ finding(
            "'H1'",
            "'encounter'",
            'late_charges.encounter_id',
            'late_charges',
            amount='late_charges.charge_amount',
            claim_key='late_charges.claim_key',
        ) }}

    from late_charges

),

credit_balances as (

    select
        {{ finding(
            "'H2'",
            "'claim'",
            'payments.claim_id',
            'payments',
            amount='payments.paid_amount',
            claim_key='payments.claim_key',
            resolved_date='refunds.recorded_date',
            detail='payments.transaction_id',
        ) }}

    from payments

    inner join paid_again
        on payments.transaction_key = paid_again.transaction_key

    left join refunds
        on payments.claim_key = refunds.claim_key
        and payments.paid_amount = refunds.refund_amount

),

other_casings as (

    select
        {{ finding(
            "'S1'",
            "'transaction'",
            'transactions.transaction_id',
            'transactions',
            amount='coalesce(transactions.amount, transactions.paid_amount)',
            claim_key='transactions.claim_key',
            detail='sent_columns.source_amount_type',
        ) }}

    from transactions

    inner join sent_columns
        on transactions.source_system = sent_columns.source_system
        and transactions.transaction_id = sent_columns.transaction_id

),

unknown_kinds as (

    select
        {{ finding(
            "'T7'",
            "'transaction'",
            'set_aside.transaction_id',
            'set_aside',
            amount='set_aside.set_aside_amount',
            detail=dbt.concat(["coalesce(set_aside.amount_type, 'blank')", "': '",
                'set_aside.set_aside_reason']),
        ) }}

    from set_aside

),

new_columns as (

    select
        {{ finding(
            "'S2'",
            "'file'",
            'exports._source_file',
            'exports',
            amount='exports.claim_amount',
            detail='exports.unannounced_columns',
        ) }}

    from exports

),

shared_numbers as (

    select
        {{ finding(
            "'X1'",
            "'patient'",
            surrogate_key(['numbered_patients.source_system', 'numbered_patients.patient_id']),
            'numbered_patients',
            amount='0',
            found_date='numbered_patients.known_date',
        ) }}

    from numbered_patients

    where numbered_patients.use_number > 1

),

-- the claim of a visit of Synthea has the visit among its items; medicines are claims of their own
visit_claims as (

    select
        visits.source_system,
        visits.encounter_id,
        visits.total_cost_amount,
        visits.recorded_date,
        visits._source_file,
        visits._source_position,
        {{ surrogate_key(['items.source_system', 'items.claim_id']) }} as claim_key,
        sum(items.amount) as charge_amount

    from {{ ref('stg_synthea__encounters') }} as visits

    inner join {{ ref('stg_synthea__claims_transactions') }} as items
        on visits.source_system = items.source_system
        and visits.encounter_id = items.encounter_id
        and items.transaction_type = 'CHARGE'

    group by
        visits.source_system,
        visits.encounter_id,
        visits.total_cost_amount,
        visits.recorded_date,
        visits._source_file,
        visits._source_position,
        items.source_system,
        items.claim_id

    having max(case when items.procedure_code = visits.encounter_code then 1 else 0 end) = 1

),

other_totals as (

    select
        {{ finding(
            "'H3'",
            "'encounter'",
            'visit_claims.encounter_id',
            'visit_claims',
            amount='visit_claims.total_cost_amount - visit_claims.charge_amount',
            claim_key='visit_claims.claim_key',
        ) }}

    from visit_claims

    where visit_claims.total_cost_amount <> visit_claims.charge_amount

),

journal_claims as (

    select
        items.source_system,
        items.claim_id,
        {{ surrogate_key(['items.source_system', 'items.claim_id']) }} as claim_key,
        {{ sum_where('items.amount', "items.transaction_type = 'CHARGE'") }} as charge_amount,
        min(items.recorded_date) as recorded_date,
        min(items._source_file) as _source_file,
        min(items._source_position) as _source_position

    from {{ ref('stg_synthea__claims_transactions') }} as items

    left join {{ ref('stg_synthea__claims') }} as claims
        on items.source_system = claims.source_system
        and items.claim_id = claims.claim_id

    where claims.claim_id is null

    group by
        items.source_system,
        items.claim_id

),

claims_of_the_journal_alone as (

    select
        {{ finding(
            "'N9'",
            "'claim'",
            'journal_claims.claim_id',
            'journal_claims',
            amount='coalesce(journal_claims.charge_amount, 0)',
            claim_key='journal_claims.claim_key',
        ) }}

    from journal_claims

),

other_clocks as (

    select
        {{ finding(
            "'Z1'",
            "'encounter'",
            'shifted_visits.encounter_id',
            'shifted_visits',
            amount='0',
        ) }}

    from shifted_visits

),

falsely_dated_claims as (

    select
        {{ finding(
            "'F1'",
            "'exported claim'",
            'claims.claim_id',
            'claims',
            amount='claims.claim_amount',
            claim_key=surrogate_key(['claims.source_system', 'claims.claim_id']),
        ) }}

    from {{ ref('stg_claims_csv__claims') }} as claims

    where claims.has_false_date

),

final as (

    select * from encounters_with_two_claims
    union all
    select * from charges_after_billing
    union all
    select * from credit_balances
    union all
    select * from other_casings
    union all
    select * from unknown_kinds
    union all
    select * from new_columns
    union all
    select * from shared_numbers
    union all
    select * from other_clocks
    union all
    select * from other_totals
    union all
    select * from claims_of_the_journal_alone
    union all
    select * from falsely_dated_claims

)

select * from final
