-- What functional (999) and claim (277CA) acknowledgements tell, and the silence of a 999 that does
-- not come, of a file of which no claim was answered either (A3). Where a feed brings no 999 at
-- all, its silence says nothing.
with

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'A3'

),

functional_answers as (

    select
        *,
        {{ is_rejected_by_999('transaction_status') }}
        or {{ is_rejected_by_999('group_status') }} as is_rejected

    from {{ ref('stg_x12__functional_acks') }}

),

answering_systems as (

    select distinct source_system

    from functional_answers

),

claim_files as (

    select * from {{ ref('int_rule__claim_files') }}

),

categories as (

    select * from {{ ref('ack_categories') }}

),

acknowledgements as (

    select
        acknowledgements.*,
        categories.category_code is not null as is_known_category,
        coalesce(categories.is_rejected, false) as is_rejecting_category

    from {{ ref('int_claim__acknowledgements') }} as acknowledgements

    left join categories
        on acknowledgements.category_code = categories.category_code

),

batches as (

    select * from {{ ref('int_claim__ack_batches') }}

),

submissions as (

    select * from {{ ref('int_claim__submissions') }}

),

-- a rejection, and the acceptance that follows it
accepted_after_rejection as (

    select
        acceptances.claim_key,
        acceptances.recorded_date as accepted_date,
        max(rejections.recorded_date) as rejected_date

    from acknowledgements as acceptances

    inner join acknowledgements as rejections
        on acceptances.claim_key = rejections.claim_key
        and acceptances.ack_number = rejections.ack_number + 1
        and rejections.ack_status = 'rejected'

    where acceptances.ack_status = 'accepted'

    group by
        acceptances.claim_key,
        acceptances.recorded_date

),

corrections as (

    select
        accepted_after_rejection.claim_key,
        accepted_after_rejection.accepted_date,
        max(submissions.submission_number) as submission_number

    from accepted_after_rejection

    inner join submissions
        on accepted_after_rejection.claim_key = submissions.claim_key
        and submissions.recorded_date between
        accepted_after_rejection.rejected_date and accepted_after_rejection.accepted_date

    where submissions.submission_number > 1

    group by
        accepted_after_rejection.claim_key,
        accepted_after_rejection.accepted_date

),

rejected_files as (

    select
        {{ finding(
            "'A1'",
            "'claim file'",
            'functional_answers.acknowledged_gs_control_number',
            'functional_answers',
            detail='functional_answers.error_code',
        ) }}

    from functional_answers

    where functional_answers.is_rejected

),

files_with_errors as (

    select
        {{ finding(
            "'A2'",
            "'claim file'",
            'functional_answers.acknowledged_gs_control_number',
            'functional_answers',
            detail='functional_answers.error_code',
        ) }}

    from functional_answers

    where
        not functional_answers.is_rejected
        and (
            functional_answers.error_code is not null
            or functional_answers.transaction_status = 'E'
            or functional_answers.group_status in ('E', 'P')
        )

),

unanswered_files as (

    select
        {{ finding(
            "'A3'",
            "'claim file'",
            'claim_files._source_file',
            'claim_files',
            amount='claim_files.charge_amount',
            found_date=dbt.dateadd('day', 'windows.window_days', 'claim_files.recorded_date'),
            facility_key='claim_files.facility_key',
            resolved_date='claim_files.heard_date',
            detail='claim_files.gs_control_number',
        ) }}

    from claim_files

    inner join answering_systems
        on claim_files.source_system = answering_systems.source_system

    cross join windows

    where
        claim_files.answered_date is null
        and {{ days_between('claim_files.recorded_date', as_of_date()) }} >= windows.window_days  -- noqa: LT05
        -- a claim that is answered came with its file
        and (
            claim_files.heard_date is null
            or {{ days_between('claim_files.recorded_date', 'claim_files.heard_date') }}
            > windows.window_days
        )

),

unknown_categories as (

    select
        {{ finding(
            "'K2'",
            "'acknowledgement'",
            'acknowledgements.claim_id',
            'acknowledgements',
            amount='acknowledgements.charge_amount',
            claim_key='acknowledgements.claim_key',
            facility_key='acknowledgements.facility_key',
            detail='acknowledgements.category_code',
        ) }}

    from acknowledgements

    where not acknowledgements.is_known_category

),

contradictions as (

    select
        {{ finding(
            "'K3'",
            "'acknowledgement'",
            'acknowledgements.claim_id',
            'acknowledgements',
            amount='acknowledgements.charge_amount',
            claim_key='acknowledgements.claim_key',
            facility_key='acknowledgements.facility_key',
            detail='acknowledgements.category_code',
        ) }}

    from acknowledgements

    where
        (acknowledgements.action_code = 'WQ' and acknowledgements.is_rejecting_category)
        or (
            acknowledgements.action_code = 'U'
            and acknowledgements.is_known_category
            and not acknowledgements.is_rejecting_category
            and acknowledgements.category_code <> 'A4'
        )

),

corrected_claims as (

    select
        {{ finding(
            "'K5'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            found_date='corrections.accepted_date',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join corrections
        on submissions.claim_key = corrections.claim_key
        and submissions.submission_number = corrections.submission_number

),

-- what a rejection above rejects once more is no finding of its own
rejected_batches as (

    select
        {{ finding(
            "'K6'",
            "'claim batch'",
            'batches.batch_reference',
            'batches',
            amount='coalesce(batches.rejected_amount, batches.charge_amount)',
            facility_key='batches.facility_key',
            payer_key='batches.payer_key',
            detail=dbt.concat([
                join_texts(['batches.category_code', 'batches.status_code'], ':'),
                "'; claims listed: '",
                'cast(batches.listed_claim_count as ' ~ dbt.type_string() ~ ')',
            ]),
        ) }}

    from batches

    where batches.is_rejected and not batches.is_rejected_above

),

final as (

    select * from rejected_files
    union all
    select * from files_with_errors
    union all
    select * from unanswered_files
    union all
    select * from unknown_categories
    union all
    select * from contradictions
    union all
    select * from corrected_claims
    union all
    select * from rejected_batches

)

select * from final
