-- One row per 837 claim that was sent. A resubmission carries the claim number of the original,
-- so the claim is the chain and each row here is one link of it.
{{ config(meta={'claims_from': ['int_claim__bills']}) }}
with

submissions as (

    select * from {{ ref('stg_x12__submitted_claims') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

service_dates as (

    select
        submission_key,
        min(service_date) as service_date

    from {{ ref('stg_x12__submitted_lines') }}

    group by submission_key

),

resolved as (

    select
        submissions.submission_key,
        bills.claim_key,
        bills.bill_number,
        bills.is_billed,
        submissions.source_system,
        providers.claim_source_system,
        providers.claim_namespace,
        providers.facility_key,
        payers.payer_key,
        coalesce(submissions.patient_control_number, 'not given') as claim_id,
        submissions.claim_form,
        submissions.frequency_code,
        submissions.payer_responsibility_code,
        submissions.original_payer_claim_number,
        submissions.clearinghouse_number,
        coalesce(submissions.payer_responsibility_code in ('S', 'T'), false)
        or submissions.prior_payer_id is not null as is_secondary,
        submissions.charge_amount,
        submissions.member_id,
        submissions.place_of_service_code,
        submissions.bill_type_code,
        submissions.drg_code,
        submissions.principal_diagnosis_code,
        submissions.billing_npi,
        submissions.billing_tin,
        submissions.rendering_npi,
        submissions.attending_npi,
        submissions.admission_date,
        submissions.statement_from_date,
        submissions.statement_to_date,
        coalesce(
            service_dates.service_date, submissions.submitted_date, submissions.recorded_date
        ) as service_date,
        coalesce(submissions.submitted_date, submissions.recorded_date) as submitted_date,
        submissions.recorded_date,
        submissions.isa_control_number,
        submissions.segment_no,
        submissions._source_file,
        submissions._source_position

    from submissions

    inner join providers
        on submissions.source_system = providers.source_system
        and {{ x12_provider_id(
            'submissions.billing_npi', 'submissions.billing_tin', 'submissions.billing_name'
        ) }} = providers.x12_provider_id

    inner join {{ ref('int_claim__bills') }} as bills
        on submissions.submission_key = bills.submission_key

    left join payers
        on submissions.source_system = payers.source_system
        and {{ x12_payer_id('submissions.payer_id', 'submissions.payer_name') }} = payers.payer_id

    left join service_dates
        on submissions.submission_key = service_dates.submission_key

),

numbered as (

    select
        *,
        -- as they were sent: a file may reach us behind one that was written after it
        row_number() over (
            partition by claim_key
            order by
                submitted_date,
                recorded_date,
                isa_control_number,
                segment_no,
                submission_key
        ) as submission_number,
        min(case when is_secondary then 1 else 0 end) over (partition by claim_key)
            as all_secondary_flag

    from resolved

),

-- what is sent to a later payer repeats the charge; everything else states it anew, unless
-- something that was sent after it was recorded before
current_ones as (

    select
        *,
        (not is_secondary or all_secondary_flag = 1)
        and submission_number = max(submission_number) over (
            partition by claim_key, is_secondary
            order by recorded_date, submission_number
            rows between unbounded preceding and current row
        ) as is_current

    from numbered

),

versions as (

    select
        *,
        case
            when is_current
                then
                    row_number() over (
                        partition by claim_key, is_secondary, is_current
                        order by submission_number
                    )
        end as charge_version

    from current_ones

),

final as (

    select
        *,
        -- the charge as of this link of the chain: a void takes all of it back
        case
            when charge_version is not null and frequency_code = '8' then {{ money(0) }}
            when charge_version is not null then charge_amount
        end as stated_charge_amount,
        case
            when frequency_code = '8' then 'void'
            when is_secondary then 'secondary'
            when frequency_code = '7' then 'replacement'
            when frequency_code in ('2', '3', '4') then 'interim bill'
            when submission_number > 1 then 'corrected'
            when frequency_code = '5' then 'late charge'
            else 'original'
        end as link_kind

    from versions

)

select * from final
