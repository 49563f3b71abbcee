-- One row per transaction of an 837 and what its functional acknowledgement (999) says. A 999 names
-- the group by its number alone, so it is matched within the partner that sent the file. Whoever
-- answers a claim of it (277CA, 835), or its batch, has it too.
with

submitted as (

    select * from {{ ref('stg_x12__submitted_claims') }}

),

submissions as (

    select
        submission_key,
        claim_key,
        facility_key,
        submission_number,
        recorded_date,
        -- an answer is to the last submission before it
        lead(recorded_date) over (
            partition by claim_key order by submission_number
        ) as next_recorded_date

    from {{ ref('int_claim__submissions') }}

),

interchanges as (

    select * from {{ ref('stg_x12__interchanges') }}

),

answers as (

    select * from {{ ref('stg_x12__functional_acks') }}

),

files as (

    select
        submitted.source_system,
        submitted.interchange_sha256,
        submitted.transaction_no,
        submitted.gs_control_number,
        submitted.st_control_number,
        min(submitted.batch_reference) as batch_reference,
        min(submitted._source_file) as _source_file,
        min(submitted._source_position) as _source_position,
        min(submitted.recorded_date) as recorded_date,
        min(submissions.facility_key) as facility_key,
        count(*) as claim_count,
        sum(submitted.charge_amount) as charge_amount

    from submitted

    left join submissions
        on submitted.submission_key = submissions.submission_key

    group by
        submitted.source_system,
        submitted.interchange_sha256,
        submitted.transaction_no,
        submitted.gs_control_number,
        submitted.st_control_number

),

sent as (

    select
        files.*,
        interchanges.sender_id

    from files

    left join interchanges
        on files.source_system = interchanges.source_system
        and files.interchange_sha256 = interchanges.interchange_sha256

),

received as (

    select
        answers.source_system,
        answers.acknowledged_gs_control_number,
        answers.acknowledged_st_control_number,
        interchanges.receiver_id,
        answers.recorded_date,
        case
            when
                {{ is_rejected_by_999('answers.transaction_status') }}
                or {{ is_rejected_by_999('answers.group_status') }}
                then 1
            else 0
        end as rejection

    from answers

    inner join interchanges
        on answers.source_system = interchanges.source_system
        and answers.interchange_sha256 = interchanges.interchange_sha256

),

answered as (

    select
        sent.interchange_sha256,
        sent.transaction_no,
        min(received.recorded_date) as answered_date,
        max(received.rejection) = 1 as is_rejected

    from sent

    inner join received
        on sent.source_system = received.source_system
        and sent.gs_control_number = received.acknowledged_gs_control_number
        and sent.sender_id = received.receiver_id
        and sent.recorded_date <= received.recorded_date
        and (
            received.acknowledged_st_control_number is null
            or sent.st_control_number = received.acknowledged_st_control_number
        )

    group by
        sent.interchange_sha256,
        sent.transaction_no

),

claim_answers as (

    select
        claim_key,
        recorded_date,
        false as is_decision

    from {{ ref('int_claim__acknowledgements') }}

    union all

    select
        claim_key,
        recorded_date,
        true as is_decision

    from {{ ref('int_claim__remits') }}

),

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'A3'

),

heard as (

    select
        submitted.interchange_sha256,
        submitted.transaction_no,
        claim_answers.recorded_date

    from submitted

    inner join submissions
        on submitted.submission_key = submissions.submission_key

    inner join claim_answers
        on submissions.claim_key = claim_answers.claim_key
        and submissions.recorded_date <= claim_answers.recorded_date
        and (
            submissions.next_recorded_date is null
            or submissions.next_recorded_date > claim_answers.recorded_date
        )

    cross join windows

    -- what a payer decides soon after a claim was sent again, it decides of what it had before
    where
        not claim_answers.is_decision
        or submissions.submission_number = 1
        or {{ days_between('submissions.recorded_date', 'claim_answers.recorded_date') }}
        > windows.window_days

    union all

    select
        sent.interchange_sha256,
        sent.transaction_no,
        ack_batches.recorded_date

    from sent

    inner join {{ ref('int_claim__ack_batches') }} as ack_batches
        on sent.source_system = ack_batches.source_system
        and sent.batch_reference = ack_batches.batch_reference
        and sent.recorded_date <= ack_batches.recorded_date

),

first_heard as (

    select
        interchange_sha256,
        transaction_no,
        min(recorded_date) as heard_date

    from heard

    group by
        interchange_sha256,
        transaction_no

),

final as (

    select
        sent.*,
        answered.answered_date,
        first_heard.heard_date,
        coalesce(answered.is_rejected, false) as is_rejected

    from sent

    left join first_heard
        on sent.interchange_sha256 = first_heard.interchange_sha256
        and sent.transaction_no = first_heard.transaction_no

    left join answered
        on sent.interchange_sha256 = answered.interchange_sha256
        and sent.transaction_no = answered.transaction_no

)

select * from final
