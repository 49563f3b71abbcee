-- What does not fit together across files: numbers that cannot be matched (M1 to M3), answers to
-- what was never sent (M7, M10, M11), answers out of order (M8, M12), and payers that are not who
-- was billed (M9) or have a second number (M13). What was told apart, joined or guessed: bills of
-- one number (M14), numbers in other writing (M15), parts of a claim (M16), payers (M17), payees
-- (M18).
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

submissions as (

    select * from {{ ref('int_claim__submissions') }}

),

acknowledgements as (

    select * from {{ ref('int_claim__acknowledgements') }}

),

remits as (

    select
        remits.*,
        headers.known_from,
        remits.is_decision and remits.status_class = 'first payer' as is_primary_decision,
        remits.is_decision and remits.is_secondary as is_later_decision

    from {{ ref('int_claim__remits') }} as remits

    inner join headers
        on remits.claim_key = headers.claim_key

),

held_claims as (

    select * from {{ ref('int_rule__held_claims') }}

    where is_decision and status_class = 'first payer'

),

claim_files as (

    select * from {{ ref('int_rule__claim_files') }}

),

remit_bills as (

    select * from {{ ref('int_claim__remit_bills') }}

),

-- a number that several patients have, on claims of their own, is no number of a claim
shared_numbers as (

    select
        remits.claim_namespace,
        remits.claim_id

    from remits

    inner join remit_bills
        on remits.remit_claim_key = remit_bills.remit_claim_key

    group by
        remits.claim_namespace,
        remits.claim_id

    having
        count(distinct remit_bills.patient) > 1
        and count(distinct remit_bills.claim_key) > 1

),

received_payments as (

    select * from {{ ref('int_cash__received_payments') }}

    where delivery_number = 1

),

-- only where claims are known otherwise can a remittance be told to be a stranger's
known_namespaces as (

    select distinct claim_namespace

    from headers

    where known_from <> 'remittance'

),

sent_claims as (

    select distinct claim_key

    from submissions

    {{ union_distinct() }}

    select claim_key

    from headers

    where known_from = 'billing system'

),

billed_payers as (

    select
        claim_key,
        payer_key

    from submissions

    {{ union_distinct() }}

    select
        claim_key,
        payer_key

    from headers

    where known_from <> 'remittance'

),

first_remits as (

    select
        claim_key,
        min(recorded_date) as recorded_date

    from remits

    where is_decision

    group by claim_key

),

acknowledged_numbers as (

    select
        claim_key,
        payer_claim_number,
        recorded_date

    from acknowledgements

    where payer_claim_number is not null

),

numbered_otherwise as (

    select
        remits.remit_claim_key,
        max(
            case
                when remits.payer_claim_number = acknowledged_numbers.payer_claim_number then 1
                else 0
            end
        ) as match_count

    from remits

    inner join acknowledged_numbers
        on remits.claim_key = acknowledged_numbers.claim_key
        and remits.recorded_date >= acknowledged_numbers.recorded_date

    where
        remits.is_primary_decision
        and remits.payer_claim_number is not null

    group by remits.remit_claim_key

),

secondary_first as (

    select
        remits.remit_claim_key,
        min(primaries.recorded_date) as primary_date

    from remits

    left join remits as primaries
        on remits.claim_key = primaries.claim_key
        and primaries.is_primary_decision

    where
        remits.is_later_decision
        and remits.known_from <> 'remittance'

    group by
        remits.remit_claim_key,
        remits.recorded_date

    having
        min(primaries.recorded_date) is null
        or min(primaries.recorded_date) > remits.recorded_date

),

-- the primary payer's decision may have come and wait in quarantine
secondary_after_held as (

    select distinct secondary_first.remit_claim_key

    from secondary_first

    inner join remits
        on secondary_first.remit_claim_key = remits.remit_claim_key

    inner join held_claims
        on remits.claim_key = held_claims.claim_key
        and remits.recorded_date >= held_claims.recorded_date

),

payer_numbers as (

    select * from {{ ref('stg_operations__payers') }}

    where merged_into is not null

),

payer_identifiers as (

    select * from {{ ref('int_payer__identifiers') }}

    where source_system = 'operations'

),

uses_of_payer_numbers as (

    select
        payer_id,
        recorded_date

    from {{ ref('stg_operations__payer_contracts') }}

    union all

    select
        payer_id,
        recorded_date

    from {{ ref('stg_x12__submitted_claims') }}

    union all

    select
        payer_id,
        recorded_date

    from {{ ref('stg_x12__remit_payments') }}

),

first_uses as (

    select
        payer_id,
        min(recorded_date) as recorded_date

    from uses_of_payer_numbers

    group by payer_id

),

functional_answers as (

    select
        answers.*,
        interchanges.receiver_id

    from {{ ref('stg_x12__functional_acks') }} as answers

    inner join {{ ref('stg_x12__interchanges') }} as interchanges
        on answers.source_system = interchanges.source_system
        and answers.interchange_sha256 = interchanges.interchange_sha256

),

sent_groups as (

    select distinct
        source_system,
        sender_id,
        gs_control_number

    from claim_files

),

sending_systems as (

    select distinct source_system

    from claim_files

),

long_numbers as (

    select
        {{ finding(
            "'M1'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    where length(submissions.claim_id) > 20

),

placeholders as (

    select
        {{ finding(
            "'M2'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    left join shared_numbers
        on remits.claim_namespace = shared_numbers.claim_namespace
        and remits.claim_id = shared_numbers.claim_id

    where
        shared_numbers.claim_id is not null
        or upper(remits.claim_id) in (
            'NOT GIVEN', '0', '00', '000', '0000', 'NA', 'N/A', 'NONE', 'UNKNOWN', 'NOT AVAILABLE'
        )

),

other_numbers as (

    select
        {{ finding(
            "'M3'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    inner join numbered_otherwise
        on remits.remit_claim_key = numbered_otherwise.remit_claim_key
        and numbered_otherwise.match_count = 0

),

strange_receipts as (

    select
        {{ finding(
            "'M7'",
            "'functional acknowledgement'",
            'functional_answers.acknowledged_gs_control_number',
            'functional_answers',
        ) }}

    from functional_answers

    inner join sending_systems
        on functional_answers.source_system = sending_systems.source_system

    left join sent_groups
        on functional_answers.source_system = sent_groups.source_system
        and functional_answers.receiver_id = sent_groups.sender_id
        and functional_answers.acknowledged_gs_control_number = sent_groups.gs_control_number

    where
        sent_groups.gs_control_number is null
        and coalesce(functional_answers.acknowledged_functional_id, 'HC') = 'HC'

),

late_submissions as (

    select
        {{ finding(
            "'M8'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join first_remits
        on submissions.claim_key = first_remits.claim_key
        and submissions.recorded_date > first_remits.recorded_date

    where submissions.submission_number = 1

),

other_payers as (

    select
        {{ finding(
            "'M9'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    left join billed_payers
        on remits.claim_key = billed_payers.claim_key
        and remits.payer_key = billed_payers.payer_key

    where
        remits.is_primary_decision
        and remits.known_from <> 'remittance'
        and remits.payer_key is not null
        and billed_payers.claim_key is null

),

stranger_remits as (

    select
        {{ finding(
            "'M10'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    inner join known_namespaces
        on remits.claim_namespace = known_namespaces.claim_namespace

    where remits.known_from = 'remittance'

),

stranger_acknowledgements as (

    select
        {{ finding(
            "'M11'",
            "'acknowledgement'",
            'acknowledgements.claim_id',
            'acknowledgements',
            amount='acknowledgements.charge_amount',
            facility_key='acknowledgements.facility_key',
        ) }}

    from acknowledgements

    inner join known_namespaces
        on acknowledgements.claim_namespace = known_namespaces.claim_namespace

    left join sent_claims
        on acknowledgements.claim_key = sent_claims.claim_key

    where sent_claims.claim_key is null

),

early_secondaries as (

    select
        {{ finding(
            "'M12'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
            resolved_date='secondary_first.primary_date',
        ) }}

    from remits

    inner join secondary_first
        on remits.remit_claim_key = secondary_first.remit_claim_key

    left join secondary_after_held
        on remits.remit_claim_key = secondary_after_held.remit_claim_key

    where secondary_after_held.remit_claim_key is null

),

merged_payers as (

    select
        {{ finding(
            "'M13'",
            "'payer'",
            'payer_numbers.payer_id',
            'payer_numbers',
            found_date='first_uses.recorded_date',
            payer_key='payer_identifiers.payer_key',
            detail='payer_numbers.payer_name',
        ) }}

    from payer_numbers

    inner join first_uses
        on payer_numbers.payer_id = first_uses.payer_id

    left join payer_identifiers
        on payer_numbers.payer_id = payer_identifiers.payer_id

),

several_bills as (

    select
        {{ finding(
            "'M14'",
            "'claim'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    where submissions.bill_number > 1 and submissions.submission_number = 1

    union all

    select
        {{ finding(
            "'M14'",
            "'claim'",
            'remits.claim_id',
            'remits',
            amount='remits.charge_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    where
        remits.bill_number > 1
        and remits.remit_number = 1
        and remits.known_from = 'remittance'

),

otherwise_written as (

    select
        {{ finding(
            "'M15'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    where remits.match_method = 'claim number written otherwise'

),

split_claims as (

    select
        {{ finding(
            "'M16'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    where remits.is_split and remits.is_primary_decision

),

guessed_payers as (

    select
        {{ finding(
            "'M17'",
            "'payment'",
            'received_payments.trace_number',
            'received_payments',
            amount='received_payments.payment_amount',
            facility_key='received_payments.facility_key',
            payer_key='received_payments.payer_key',
            detail='remit_payers.found_by',
        ) }}

    from received_payments

    inner join {{ ref('int_payer__remit_payers') }} as remit_payers
        on received_payments.remit_payment_key = remit_payers.remit_payment_key

    where remit_payers.found_by in ('name of a known payer', 'company that pays')

),

payees_by_tax_id as (

    select
        {{ finding(
            "'M18'",
            "'payment'",
            'received_payments.trace_number',
            'received_payments',
            amount='received_payments.payment_amount',
            facility_key='received_payments.facility_key',
            payer_key='received_payments.payer_key',
            detail='payees.provider_name',
        ) }}

    from received_payments

    inner join {{ ref('int_facility__x12_providers') }} as payees
        on received_payments.source_system = payees.source_system
        and received_payments.payee_id = payees.x12_provider_id

    where payees.npi is null and (payees.is_listed or not payees.is_facility)

),

final as (

    select * from long_numbers
    union all
    select * from placeholders
    union all
    select * from other_numbers
    union all
    select * from strange_receipts
    union all
    select * from late_submissions
    union all
    select * from other_payers
    union all
    select * from stranger_remits
    union all
    select * from stranger_acknowledgements
    union all
    select * from early_secondaries
    union all
    select * from merged_payers
    union all
    select * from several_bills
    union all
    select * from otherwise_written
    union all
    select * from split_claims
    union all
    select * from guessed_payers
    union all
    select * from payees_by_tax_id

)

select * from final
