-- Which bill of its account each 837 claim is. A hospital keeps the number of an account (CLM01)
-- for every bill of it: interim bills, a series of visits, late charges. So a claim is a bill, told
-- by its form, patient, first day and frequency; what is sent again, replaced or voided is one.
-- Where the billing system knows the number, its account is the claim.
with

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

-- a claim that is numbered anew when it is sent again stays what it was
submitted as (

    select
        submitted.*,
        providers.claim_namespace,
        coalesce(account_numbers.account_id, submitted.patient_control_number, 'not given')
            as claim_id,
        coalesce(
            account_numbers.account_number,
            {{ plain_claim_number("coalesce(submitted.patient_control_number, 'not given')") }}
        ) as claim_number

    from {{ ref('stg_x12__submitted_claims') }} as submitted

    inner join providers
        on submitted.source_system = providers.source_system
        and {{ x12_provider_id(
            'submitted.billing_npi', 'submitted.billing_tin', 'submitted.billing_name'
        ) }} = providers.x12_provider_id

    left join {{ ref('int_claim__account_numbers') }} as account_numbers
        on providers.claim_namespace = account_numbers.claim_namespace
        and {{ plain_claim_number('submitted.patient_control_number') }}
        = account_numbers.claim_number

),

lines as (

    select
        submission_key,
        service_date,
        coalesce(procedure_code, revenue_code) as service_code

    from {{ ref('stg_x12__submitted_lines') }}

),

service_days as (

    select
        submission_key,
        min(service_date) as first_date,
        max(service_date) as last_date

    from lines

    group by submission_key

),

accounts as (

    select distinct
        claim_key,
        source_system as claim_namespace,
        claim_id,
        {{ plain_claim_number('claim_id') }} as claim_number

    from {{ ref('int_transaction__current') }}

),

billed as (

    select
        *,
        count(*) over (partition by claim_namespace, claim_number) as same_number_count

    from accounts

),

turned_back as (

    select distinct
        acknowledgements.billing_npi,
        acknowledgements.patient_control_number,
        acknowledgements.charge_amount,
        acknowledgements.recorded_date

    from {{ ref('stg_x12__ack_claims') }} as acknowledgements

    left join {{ ref('ack_categories') }} as categories
        on acknowledgements.category_code = categories.category_code

    where
        acknowledgements.action_code = 'U'
        or (coalesce(acknowledgements.action_code, '') <> 'WQ' and categories.is_rejected)

),

known_accounts as (

    select
        submitted.submission_key,
        billed.claim_key

    from submitted

    inner join billed
        on submitted.claim_namespace = billed.claim_namespace
        and submitted.claim_number = billed.claim_number

    where submitted.claim_id = billed.claim_id or billed.same_number_count = 1

),

sent as (

    select
        submitted.submission_key,
        submitted.claim_namespace,
        known_accounts.claim_key as billed_claim_key,
        submitted.claim_id,
        submitted.claim_number,
        coalesce(submitted.claim_form, '') as claim_form,
        coalesce({{ x12_patient(
            'submitted.patient_last_name', 'submitted.patient_first_name', 'submitted.member_id'
        ) }}, '') as patient,
        submitted.frequency_code,
        submitted.charge_amount,
        submitted.billing_npi,
        submitted.patient_control_number,
        submitted.original_payer_claim_number,
        coalesce(submitted.statement_from_date, service_days.first_date) as first_date,
        coalesce(submitted.statement_to_date, service_days.last_date) as last_date,
        submitted.admission_date,
        coalesce(submitted.submitted_date, submitted.recorded_date) as submitted_date,
        submitted.recorded_date

    from submitted

    left join service_days
        on submitted.submission_key = service_days.submission_key

    left join known_accounts
        on submitted.submission_key = known_accounts.submission_key

),

-- a claim that was turned back at the front end and is sent again with another date is its
-- correction, although it says to be an original
corrections as (

    select distinct again.submission_key

    from sent as again

    inner join sent as earlier
        on again.claim_namespace = earlier.claim_namespace
        and again.claim_number = earlier.claim_number
        and again.claim_form = earlier.claim_form
        and again.patient = earlier.patient
        and again.charge_amount = earlier.charge_amount
        and again.first_date <> earlier.first_date
        and again.recorded_date > earlier.recorded_date

    inner join turned_back
        on earlier.billing_npi = turned_back.billing_npi
        and earlier.patient_control_number = turned_back.patient_control_number
        and earlier.charge_amount = turned_back.charge_amount
        and turned_back.recorded_date between earlier.recorded_date and again.recorded_date

    where again.billed_claim_key is null

),

kinds as (

    select
        sent.*,
        sent.frequency_code in ('6', '7', '8') or corrections.submission_key is not null
            as is_change,
        {{ join_texts([
            'sent.claim_form',
            'sent.patient',
            'sent.first_date',
            "case when sent.frequency_code in ('2', '3', '4', '5') then sent.frequency_code end",
        ], ' ') }} as bill

    from sent

    left join corrections
        on sent.submission_key = corrections.submission_key

),

openings as (

    select
        *,
        first_value(submission_key) over (
            partition by claim_namespace, claim_number, bill
            order by recorded_date, submitted_date, submission_key
        ) as first_submission_key,
        first_value(charge_amount) over (
            partition by claim_namespace, claim_number, bill
            order by recorded_date, submitted_date, submission_key
        ) as first_charge_amount

    from kinds

    where not coalesce(is_change, false)

),

-- of one day, form and patient: another bill shares neither charge nor service with the first
alike as (

    select distinct openings.submission_key

    from openings

    inner join lines
        on openings.submission_key = lines.submission_key

    inner join lines as first_lines
        on openings.first_submission_key = first_lines.submission_key
        and lines.service_code = first_lines.service_code

),

opened as (

    select
        openings.submission_key,
        openings.claim_namespace,
        openings.claim_number,
        openings.claim_form,
        openings.patient,
        openings.first_date,
        openings.charge_amount,
        openings.submitted_date,
        openings.recorded_date,
        case
            when
                alike.submission_key is not null
                or openings.charge_amount = openings.first_charge_amount
                then openings.bill
            else {{ join_texts(['openings.bill', 'openings.charge_amount'], ' ') }}
        end as bill

    from openings

    left join alike
        on openings.submission_key = alike.submission_key

),

-- what the payer calls the bill that is replaced says which one that is, where it has answered
originals as (

    select
        payer_claim_number,
        {{ plain_claim_number('patient_control_number') }} as claim_number,
        max(abs(charge_amount)) as charge_amount

    from {{ ref('stg_x12__remit_claims') }}

    where payer_claim_number is not null

    group by
        payer_claim_number,
        {{ plain_claim_number('patient_control_number') }}

),

bill_counts as (

    select
        claim_namespace,
        claim_number,
        count(distinct bill) as bill_count

    from opened

    group by
        claim_namespace,
        claim_number

),

changes as (

    select
        kinds.submission_key,
        opened.bill,
        row_number() over (
            partition by kinds.submission_key
            order by
                case when opened.charge_amount = originals.charge_amount then 0 else 1 end,
                case when opened.claim_form = kinds.claim_form then 0 else 1 end,
                case when opened.first_date = kinds.first_date then 0 else 1 end,
                case when opened.patient = kinds.patient then 0 else 1 end,
                case when opened.recorded_date <= kinds.recorded_date then 0 else 1 end,
                opened.recorded_date desc,
                opened.submission_key asc
        ) as change_rank

    from kinds

    inner join opened
        on kinds.claim_namespace = opened.claim_namespace
        and kinds.claim_number = opened.claim_number

    inner join bill_counts
        on kinds.claim_namespace = bill_counts.claim_namespace
        and kinds.claim_number = bill_counts.claim_number

    left join originals
        on kinds.original_payer_claim_number = originals.payer_claim_number
        and kinds.claim_number = originals.claim_number

    where
        kinds.is_change
        and (
            kinds.first_date = opened.first_date
            or opened.charge_amount = originals.charge_amount
            or (kinds.patient = opened.patient and bill_counts.bill_count = 1)
        )

),

told as (

    select
        kinds.*,
        coalesce(opened.bill, changes.bill, kinds.bill) as told_bill

    from kinds

    left join opened
        on kinds.submission_key = opened.submission_key

    left join changes
        on kinds.submission_key = changes.submission_key
        and changes.change_rank = 1

),

dated as (

    select
        *,
        min(recorded_date) over (partition by claim_namespace, claim_number, told_bill)
            as first_recorded_date,
        first_value(claim_id) over (
            partition by claim_namespace, claim_number, told_bill
            order by recorded_date, submitted_date, submission_key
        ) as bill_claim_id

    from told

),

numbered as (

    select
        *,
        dense_rank() over (
            partition by claim_namespace, claim_number
            order by first_recorded_date, told_bill
        ) as bill_number

    from dated

),

final as (

    select
        submission_key,
        case
            when billed_claim_key is not null then billed_claim_key
            when bill_number = 1
                then {{ surrogate_key(['claim_namespace', 'bill_claim_id']) }}
            else {{ surrogate_key(['claim_namespace', 'bill_claim_id', 'told_bill']) }}
        end as claim_key,
        case when billed_claim_key is null then bill_number else 1 end as bill_number,
        billed_claim_key is not null as is_billed,
        claim_namespace,
        claim_id,
        claim_number,
        patient,
        frequency_code,
        charge_amount,
        least(first_date, coalesce(admission_date, first_date)) as first_date,
        greatest(last_date, first_date) as last_date

    from numbered

)

select * from final
