-- What each claim was charged, once: by the billing system where it knows the claim, else as first
-- submitted, else as the remittance quotes it. Three feeds repeat the same charge; one counts. It
-- is charged line by line; what the lines do not say of a claim's charge stays with the claim.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

-- Synthea's charges enter the ledger with its other events
lines as (

    select lines.*

    from {{ ref('int_claim__lines') }} as lines

    inner join headers
        on lines.claim_key = headers.claim_key
        and headers.source_system <> 'synthea'

),

line_totals as (

    select
        claim_key,
        sum(charge_amount) as charge_amount

    from lines

    group by claim_key

),

-- a billing system has nothing but lines; an X12 file states a charge of the whole claim too
stated as (

    select
        submissions.submission_key as record_key,
        submissions.claim_key,
        submissions.charge_amount,
        submissions.service_date,
        submissions.recorded_date,
        submissions._source_file,
        submissions._source_position

    from {{ ref('int_claim__submissions') }} as submissions

    inner join headers
        on submissions.claim_key = headers.claim_key
        and headers.known_from = 'claim submission'

    where submissions.submission_number = 1

    union all

    select
        remits.remit_claim_key as record_key,
        remits.claim_key,
        remits.charge_amount,
        remits.service_date,
        remits.recorded_date,
        remits._source_file,
        remits._source_position

    from {{ ref('int_claim__remits') }} as remits

    inner join headers
        on remits.claim_key = headers.claim_key
        and headers.known_from = 'remittance'

    where remits.charge_rank = 1

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

    where charge_amount <> 0

    union all

    select
        stated.record_key,
        stated.claim_key,
        {{ null_key() }} as claim_line_key,
        {{ money('stated.charge_amount - coalesce(line_totals.charge_amount, 0)') }} as amount,
        stated.service_date as event_date,
        stated.recorded_date,
        stated._source_file,
        stated._source_position

    from stated

    left join line_totals
        on stated.claim_key = line_totals.claim_key

    where stated.charge_amount <> coalesce(line_totals.charge_amount, 0)

)

select * from final
