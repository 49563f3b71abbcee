-- What each claim was charged, once: by the billing system where it knows the claim, else as first
-- submitted, else as the remittance quotes it. Three feeds repeat the same charge; one counts.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

billed as (

    select
        transaction_key as record_key,
        claim_key,
        transaction_id as line_id,
        procedure_code,
        amount,
        service_date as event_date,
        recorded_date,
        _source_file,
        _source_position

    from {{ ref('int_transaction__current') }}

    where event_type = 'CHARGE' and amount <> 0

),

submitted as (

    select
        submissions.submission_key as record_key,
        submissions.claim_key,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as procedure_code,
        submissions.charge_amount as amount,
        submissions.service_date as event_date,
        submissions.recorded_date,
        submissions._source_file,
        submissions._source_position

    from {{ ref('int_claim__submissions') }} as submissions

    inner join headers
        on submissions.claim_key = headers.claim_key
        and headers.known_from = 'claim submission'

    where submissions.submission_number = 1

),

first_remits as (

    select
        remits.*,
        row_number() over (
            partition by remits.claim_key
            order by remits.is_reversal, remits.remit_number
        ) as charge_rank

    from {{ ref('int_claim__remits') }} as remits

    where not remits.is_predetermination

),

remitted as (

    select
        first_remits.remit_claim_key as record_key,
        first_remits.claim_key,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as procedure_code,
        first_remits.charge_amount as amount,
        first_remits.service_date as event_date,
        first_remits.recorded_date,
        first_remits._source_file,
        first_remits._source_position

    from first_remits

    inner join headers
        on first_remits.claim_key = headers.claim_key
        and headers.known_from = 'remittance'

    where first_remits.charge_rank = 1

),

final as (

    select * from billed
    union all
    select * from submitted
    union all
    select * from remitted

)

select * from final
