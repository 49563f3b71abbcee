-- What each claim was charged, once: by the billing system where it knows the claim, else as sent,
-- else as the remittance quotes it. Three feeds repeat the same charge; one counts. It is charged
-- line by line; what the lines do not say of a claim's charge stays with the claim. What is sent
-- again changes the charge on the day on which it is recorded: by a replacement to what that says,
-- by a void to nothing.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

-- Synthea's charges enter the ledger with its other events
lines as (

    select
        lines.*,
        headers.known_from

    from {{ ref('int_claim__lines') }} as lines

    inner join headers
        on lines.claim_key = headers.claim_key
        and headers.source_system <> 'synthea'

),

versions as (

    select submissions.*

    from {{ ref('int_claim__submissions') }} as submissions

    inner join headers
        on submissions.claim_key = headers.claim_key
        and headers.known_from = 'claim submission'

    where submissions.charge_version is not null

),

sent_lines as (

    select
        *,
        case when is_void then {{ money(0) }} else charge_amount end as stated_charge_amount

    from {{ ref('int_claim__submitted_lines') }}

    where charge_version is not null

),

-- each line in each version of its claim, also in those that leave it out
line_versions as (

    select
        lines.claim_line_key,
        versions.claim_key,
        versions.submission_key,
        versions.charge_version,
        coalesce(sent_lines.stated_charge_amount, {{ money(0) }}) as charge_amount,
        coalesce(sent_lines.service_date, lines.service_date) as service_date,
        versions.recorded_date,
        coalesce(sent_lines._source_file, versions._source_file) as _source_file,
        coalesce(sent_lines._source_position, versions._source_position) as _source_position

    from versions

    inner join lines
        on versions.claim_key = lines.claim_key

    left join sent_lines
        on versions.submission_key = sent_lines.submission_key
        and lines.claim_line_key = sent_lines.claim_line_key

),

line_changes as (

    select
        *,
        charge_amount - coalesce(
            lag(charge_amount) over (partition by claim_line_key order by charge_version), 0
        ) as change_amount

    from line_versions

),

version_totals as (

    select
        submission_key,
        sum(charge_amount) as charge_amount

    from line_versions

    group by submission_key

),

rests as (

    select
        versions.*,
        versions.stated_charge_amount - coalesce(version_totals.charge_amount, 0) as rest_amount

    from versions

    left join version_totals
        on versions.submission_key = version_totals.submission_key

),

rest_changes as (

    select
        *,
        rest_amount - coalesce(
            lag(rest_amount) over (partition by claim_key order by charge_version), 0
        ) as change_amount

    from rests

),

-- of a claim that its payer decides in parts, each part quotes its own charge
quoted as (

    select remits.*

    from {{ ref('int_claim__remits') }} as remits

    inner join headers
        on remits.claim_key = headers.claim_key
        and headers.known_from = 'remittance'

    where remits.charge_rank = 1

),

quoted_totals as (

    select
        remit_claim_key,
        sum(charge_amount) as charge_amount

    from {{ ref('stg_x12__remit_lines') }}

    group by remit_claim_key

),

final as (

    select
        claim_line_key as record_key,
        claim_key,
        claim_line_key,
        charge_amount as amount,
        service_date as event_date,
        recorded_date,
        _source_file,
        _source_position

    from lines

    where known_from <> 'claim submission' and charge_amount <> 0

    union all

    select
        case
            when charge_version = 1 then claim_line_key
            else {{ surrogate_key(['submission_key', 'claim_line_key']) }}
        end as record_key,
        claim_key,
        claim_line_key,
        {{ money('change_amount') }} as amount,
        service_date as event_date,
        recorded_date,
        _source_file,
        _source_position

    from line_changes

    where change_amount <> 0

    union all

    select
        submission_key as record_key,
        claim_key,
        {{ null_key() }} as claim_line_key,
        {{ money('change_amount') }} as amount,
        service_date as event_date,
        recorded_date,
        _source_file,
        _source_position

    from rest_changes

    where change_amount <> 0

    union all

    select
        quoted.remit_claim_key as record_key,
        quoted.claim_key,
        {{ null_key() }} as claim_line_key,
        {{ money('quoted.charge_amount - coalesce(quoted_totals.charge_amount, 0)') }} as amount,
        quoted.service_date as event_date,
        quoted.recorded_date,
        quoted._source_file,
        quoted._source_position

    from quoted

    left join quoted_totals
        on quoted.remit_claim_key = quoted_totals.remit_claim_key

    where quoted.charge_amount <> coalesce(quoted_totals.charge_amount, 0)

)

select * from final
