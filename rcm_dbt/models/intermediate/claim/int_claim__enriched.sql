-- One row per claim with its money, its path through the payer and its age as of the date. Of a
-- claim without any entry in the ledger the money is unknown, not nothing.
{{ config(meta={'claims_from': [
    'int_claim__headers',
    'int_claim__financials',
    'int_claim__submissions',
    'int_claim__acknowledgements',
    'int_claim__remits',
]}) }}
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

financials as (

    select * from {{ ref('int_claim__financials') }}

),

submissions as (

    select
        claim_key,
        min(recorded_date) as first_submitted_date,
        count(*) as submission_count

    from {{ ref('int_claim__submissions') }}

    group by claim_key

),

acknowledgements as (

    select
        claim_key,
        ack_status,
        recorded_date,
        ack_number,
        row_number() over (partition by claim_key order by ack_number desc) as latest_rank

    from {{ ref('int_claim__acknowledgements') }}

),

remits as (

    select
        claim_key,
        is_denied,
        recorded_date,
        decision_number,
        row_number() over (
            partition by claim_key, part
            order by decision_number desc
        ) as latest_rank

    from {{ ref('int_claim__remits') }}

    where is_decision

),

remit_summary as (

    select
        claim_key,
        count(*) as remit_count,
        min(recorded_date) as first_remit_date,
        max(recorded_date) as last_remit_date,
        min(case when is_denied then recorded_date end) as first_denied_date,
        max(case when is_denied then 1 else 0 end) = 1 as is_ever_denied,
        max(case when is_denied and decision_number = 1 then 1 else 0 end) = 1
            as is_denied_on_first_remit,
        max(case when is_denied and latest_rank = 1 then 1 else 0 end) = 1
            as is_denied_on_last_remit

    from remits

    group by claim_key

),

joined as (

    select
        headers.claim_key,
        headers.source_system,
        headers.claim_id,
        headers.known_from,
        headers.encounter_key,
        headers.patient_key,
        headers.patient_version_key,
        headers.provider_key,
        headers.payer_key,
        headers.facility_key,
        headers.service_date,
        submissions.first_submitted_date,
        coalesce(submissions.submission_count, 0) as submission_count,
        first_ack.ack_status as first_ack_status,
        first_ack.recorded_date as first_ack_date,
        last_ack.ack_status as last_ack_status,
        last_ack.recorded_date as last_ack_date,
        remit_summary.first_remit_date,
        remit_summary.last_remit_date,
        remit_summary.first_denied_date,
        coalesce(remit_summary.remit_count, 0) as remit_count,
        coalesce(remit_summary.is_denied_on_first_remit, false) as is_denied_on_first_remit,
        coalesce(remit_summary.is_ever_denied, false) as is_ever_denied,
        coalesce(remit_summary.is_denied_on_last_remit, false) as is_denied_on_last_remit,
        financials.first_payer_payment_date,
        financials.charge_amount,
        financials.contractual_amount,
        financials.payer_paid_amount,
        financials.patient_paid_amount,
        financials.write_off_amount,
        financials.denied_amount,
        financials.patient_responsibility_amount,
        financials.transfer_amount,
        financials.open_amount,
        coalesce(financials.transaction_count, 0) as transaction_count,
        financials.first_event_date,
        financials.last_event_date,
        {{ days_between('headers.service_date', as_of_date()) }} as age_days  -- noqa: LT05

    from headers

    left join financials
        on headers.claim_key = financials.claim_key

    left join submissions
        on headers.claim_key = submissions.claim_key

    left join acknowledgements as first_ack
        on headers.claim_key = first_ack.claim_key
        and first_ack.ack_number = 1

    left join acknowledgements as last_ack
        on headers.claim_key = last_ack.claim_key
        and last_ack.latest_rank = 1

    left join remit_summary
        on headers.claim_key = remit_summary.claim_key

),

final as (

    select
        *,
        {{ age_bucket('age_days') }} as age_bucket,
        case
            when open_amount is null then 'unknown'
            when open_amount < 0 then 'credit'
            when open_amount = 0 then 'closed'
            when remit_count > 0 and is_denied_on_last_remit then 'denied'
            when remit_count > 0 and open_amount <= patient_responsibility_amount then 'patient'
            when remit_count > 0 then 'partial'
            when last_ack_status = 'rejected' then 'rejected'
            when last_ack_status is not null then 'acknowledged'
            when submission_count > 0 then 'submitted'
            else 'open'
        end as claim_status

    from joined

)

select * from final
