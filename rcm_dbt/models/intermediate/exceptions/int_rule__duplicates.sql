-- What came twice, but not byte for byte: interchanges (D2), payments (D3), batches and claims sent
-- (D4, with another charge D7), decisions paid (D5). Which of two counts is decided by content,
-- never by order of arrival.
with

interchanges as (

    select
        *,
        row_number() over (
            partition by source_system, sender_id, receiver_id, interchange_date, isa_control_number
            order by interchange_sha256
        ) as use_number

    from {{ ref('stg_x12__interchanges') }}

    where isa_control_number is not null

),

payments as (

    select * from {{ ref('int_cash__received_payments') }}

),

batches as (

    select
        *,
        row_number() over (
            partition by source_system, sender_id, batch_reference
            order by recorded_date, interchange_sha256, transaction_no
        ) as use_number

    from {{ ref('int_rule__claim_files') }}

    where batch_reference is not null

),

rejected_files as (

    select
        interchange_sha256,
        transaction_no

    from {{ ref('int_rule__claim_files') }}

    where is_rejected

),

not_received as (

    select submitted.submission_key

    from {{ ref('stg_x12__submitted_claims') }} as submitted

    inner join rejected_files
        on submitted.interchange_sha256 = rejected_files.interchange_sha256
        and submitted.transaction_no = rejected_files.transaction_no

),

submissions as (

    select * from {{ ref('int_claim__submissions') }}

),

-- the charge that stood before a claim was sent again as an original
charges_before as (

    select
        submission_key,
        lag(stated_charge_amount) over (partition by claim_key order by charge_version)
            as charge_before,
        lag(submission_key) over (partition by claim_key order by charge_version)
            as submission_before

    from submissions

    where charge_version is not null

),

-- what allows a claim to be sent again as an original: it was turned back, or voided
reopened as (

    select
        claim_key,
        recorded_date

    from {{ ref('int_claim__acknowledgements') }}

    where ack_status = 'rejected'

    union all

    select
        claim_key,
        recorded_date

    from submissions

    where frequency_code = '8'

),

sent_again as (

    select
        again.submission_key,
        count(distinct earlier.submission_key) as earlier_count,
        count(distinct case
            when not_received.submission_key is not null or reopened.claim_key is not null
                then earlier.submission_key
        end) as reopened_count

    from submissions as again

    inner join submissions as earlier
        on again.claim_key = earlier.claim_key
        and again.submission_number > earlier.submission_number
        and coalesce(again.payer_key, '') = coalesce(earlier.payer_key, '')
        and again.charge_amount = earlier.charge_amount
        and again.service_date = earlier.service_date

    left join not_received
        on earlier.submission_key = not_received.submission_key

    left join reopened
        on again.claim_key = reopened.claim_key
        and earlier.recorded_date <= reopened.recorded_date
        and again.recorded_date >= reopened.recorded_date

    where
        coalesce(again.frequency_code, '1') not in ('7', '8')
        and coalesce(earlier.frequency_code, '1') not in ('7', '8')

    group by again.submission_key

),

line_texts as (

    select
        remit_claim_key,
        line_no,
        {{ surrogate_key([
            'procedure_code',
            'revenue_code',
            'service_date',
            'charge_amount',
            'paid_amount',
        ]) }} as line_text

    from {{ ref('stg_x12__remit_lines') }}

),

line_sets as (

    select
        remit_claim_key,
        {{ dbt.listagg('line_text', "'|'", 'order by line_text') }} as line_set

    from line_texts

    group by remit_claim_key

),

remits as (

    select
        remits.*,
        coalesce(line_sets.line_set, '') as line_set

    from {{ ref('int_claim__remits') }} as remits

    left join line_sets
        on remits.remit_claim_key = line_sets.remit_claim_key

),

held_claims as (

    select * from {{ ref('int_rule__held_claims') }}

    where is_decision

),

reversals as (

    select * from remits

    where is_reversal

),

-- what is held was received too: its lines are not told, its amounts are
earlier_decisions as (

    select
        again.remit_claim_key,
        earlier.remit_claim_key as earlier_key

    from remits as again

    inner join remits as earlier
        on again.claim_key = earlier.claim_key
        and again.remit_payment_key <> earlier.remit_payment_key
        and again.payer_key = earlier.payer_key
        and coalesce(again.payer_claim_number, '') = coalesce(earlier.payer_claim_number, '')
        and again.claim_status_code = earlier.claim_status_code
        and again.charge_amount = earlier.charge_amount
        and again.paid_amount = earlier.paid_amount
        and again.line_set = earlier.line_set
        and again.decision_number > earlier.decision_number

    union all

    select
        again.remit_claim_key,
        held_claims.quarantine_id as earlier_key

    from remits as again

    inner join held_claims
        on again.claim_key = held_claims.claim_key
        and again.claim_status_code = held_claims.claim_status_code
        and again.charge_amount = held_claims.charge_amount
        and again.paid_amount = held_claims.paid_amount
        and again.recorded_date > held_claims.recorded_date

),

-- a denial that is confirmed pays nothing twice; what was taken back in between is no repetition
same_decisions as (

    select
        again.remit_claim_key,
        count(distinct earlier_decisions.earlier_key) as earlier_count,
        count(distinct reversals.remit_claim_key) as reversal_count

    from remits as again

    inner join earlier_decisions
        on again.remit_claim_key = earlier_decisions.remit_claim_key

    left join reversals
        on again.claim_key = reversals.claim_key
        and again.payer_key = reversals.payer_key
        and again.paid_amount = -reversals.paid_amount
        and again.remit_number > reversals.remit_number

    where again.is_decision and again.paid_amount > 0

    group by again.remit_claim_key

),

repeated_numbers as (

    select
        {{ finding(
            "'D2'",
            "'interchange'",
            'interchanges.isa_control_number',
            'interchanges',
        ) }}

    from interchanges

    where use_number > 1

),

repeated_payments as (

    select
        {{ finding(
            "'D3'",
            "'payment'",
            'payments.trace_number',
            'payments',
            amount='payments.payment_amount',
            facility_key='payments.facility_key',
            payer_key='payments.payer_key',
        ) }}

    from payments

    where delivery_number > 1

),

repeated_batches as (

    select
        {{ finding(
            "'D4'",
            "'claim file'",
            'batches.batch_reference',
            'batches',
            amount='batches.charge_amount',
            facility_key='batches.facility_key',
        ) }}

    from batches

    where use_number > 1

),

repeated_submissions as (

    select
        {{ finding(
            "'D4'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join sent_again
        on submissions.submission_key = sent_again.submission_key
        and sent_again.earlier_count > sent_again.reopened_count

),

repeated_decisions as (

    select
        {{ finding(
            "'D5'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    inner join same_decisions
        on remits.remit_claim_key = same_decisions.remit_claim_key
        and same_decisions.earlier_count > same_decisions.reversal_count

),

changed_charges as (

    select distinct
        {{ finding(
            "'D7'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount - charges_before.charge_before',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join charges_before
        on submissions.submission_key = charges_before.submission_key

    left join not_received
        on charges_before.submission_before = not_received.submission_key

    left join reopened
        on submissions.claim_key = reopened.claim_key
        and submissions.recorded_date >= reopened.recorded_date

    where
        submissions.charge_amount <> charges_before.charge_before
        and coalesce(submissions.frequency_code, '1') not in ('6', '7', '8')
        and not submissions.is_billed
        and not_received.submission_key is null
        and reopened.claim_key is null

),

final as (

    select * from repeated_numbers
    union all
    select * from repeated_payments
    union all
    select * from repeated_batches
    union all
    select * from repeated_submissions
    union all
    select * from repeated_decisions
    union all
    select * from changed_charges

)

select * from final
