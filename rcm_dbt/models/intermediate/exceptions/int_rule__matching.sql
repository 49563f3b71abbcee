-- What does not fit together across files: numbers that cannot be matched (M1 to M3), answers to
-- what was never sent (M7, M10, M11), answers out of order (M8, M12), and payers that are not who
-- was billed (M9) or have a second number (M13).
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

-- only where claims are known otherwise can a remittance be told to be a stranger's
known_namespaces as (

    select distinct claim_namespace

    from headers

    where known_from <> 'remittance'

),

sent_claims as (

    select distinct claim_key

    from submissions

    union

    select claim_key

    from headers

    where known_from = 'billing system'

),

billed_payers as (

    select
        claim_key,
        payer_key

    from submissions

    union

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

    where
        upper(remits.claim_id) in (
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

)

select * from final
