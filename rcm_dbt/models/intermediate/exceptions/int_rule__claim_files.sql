-- One row per transaction of an 837 and what its functional acknowledgement (999) says. A 999 names
-- the group by its number alone, so it is matched within the partner that sent the file.
with

submitted as (

    select * from {{ ref('stg_x12__submitted_claims') }}

),

facilities as (

    select
        submission_key,
        facility_key

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
        min(facilities.facility_key) as facility_key,
        count(*) as claim_count,
        sum(submitted.charge_amount) as charge_amount

    from submitted

    left join facilities
        on submitted.submission_key = facilities.submission_key

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

final as (

    select
        sent.*,
        answered.answered_date,
        coalesce(answered.is_rejected, false) as is_rejected

    from sent

    left join answered
        on sent.interchange_sha256 = answered.interchange_sha256
        and sent.transaction_no = answered.transaction_no

)

select * from final
