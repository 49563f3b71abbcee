-- What we send and a payer may turn back: replacements that name no original (P2), line numbers
-- used twice (P6), provider numbers with a wrong check digit (P8), dates that cannot be true (P11).
-- And what a replacement or a void does to the charge (P10).
with

submissions as (

    select * from {{ ref('int_claim__submissions') }}

),

submitted as (

    select
        submission_key,
        rendering_npi,
        attending_npi,
        billing_npi

    from {{ ref('stg_x12__submitted_claims') }}

),

repeated_lines as (

    select
        submission_key,
        line_control_number,
        count(*) as use_count,
        sum(charge_amount) as charge_amount

    from {{ ref('stg_x12__submitted_lines') }}

    where line_control_number is not null

    group by
        submission_key,
        line_control_number

    having count(*) > 1

),

claims_with_repeated_lines as (

    select
        submission_key,
        sum(charge_amount) as charge_amount

    from repeated_lines

    group by submission_key

),

missing_references as (

    select
        {{ finding(
            "'P2'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    where
        submissions.frequency_code in ('7', '8')
        and submissions.original_payer_claim_number is null

),

repeated_line_numbers as (

    select
        {{ finding(
            "'P6'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='claims_with_repeated_lines.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join claims_with_repeated_lines
        on submissions.submission_key = claims_with_repeated_lines.submission_key

),

wrong_numbers as (

    select
        {{ finding(
            "'P8'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
            detail="case
                when not (" ~ npi_is_valid('submitted.rendering_npi') ~ ") then submitted.rendering_npi
                when not (" ~ npi_is_valid('submitted.attending_npi') ~ ") then submitted.attending_npi
                else submitted.billing_npi
            end",
        ) }}

    from submissions

    inner join submitted
        on submissions.submission_key = submitted.submission_key

    -- a number that is not given is not wrong
    where
        not ({{ npi_is_valid('submitted.rendering_npi') }})
        or not ({{ npi_is_valid('submitted.attending_npi') }})
        or not ({{ npi_is_valid('submitted.billing_npi') }})

),

charge_changes as (

    select
        submission_key,
        stated_charge_amount - lag(stated_charge_amount) over (
            partition by claim_key
            order by charge_version
        ) as change_amount

    from submissions

    where charge_version is not null and not is_billed

),

changed_charges as (

    select
        {{ finding(
            "'P10'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='charge_changes.change_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join charge_changes
        on submissions.submission_key = charge_changes.submission_key

    where
        submissions.frequency_code in ('6', '7', '8')
        and charge_changes.change_amount <> 0

),

false_dates as (

    select submission_key

    from {{ ref('stg_x12__submitted_claims') }}

    where has_false_date

    {{ union_distinct() }}

    select submission_key

    from {{ ref('stg_x12__submitted_lines') }}

    where has_false_date

),

dated_falsely as (

    select
        {{ finding(
            "'P11'",
            "'submission'",
            'submissions.claim_id',
            'submissions',
            amount='submissions.charge_amount',
            claim_key='submissions.claim_key',
            facility_key='submissions.facility_key',
            payer_key='submissions.payer_key',
        ) }}

    from submissions

    inner join false_dates
        on submissions.submission_key = false_dates.submission_key

),

final as (

    select * from missing_references
    union all
    select * from repeated_line_numbers
    union all
    select * from wrong_numbers
    union all
    select * from changed_charges
    union all
    select * from dated_falsely

)

select * from final
