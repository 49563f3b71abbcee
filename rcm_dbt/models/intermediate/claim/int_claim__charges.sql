-- What each claim was charged, once: by the billing system where it knows the claim, else as first
-- submitted, else as the remittance quotes it. Three feeds repeat the same charge; one counts.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

billed as (

    select
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

remitted as (

    select
        remits.claim_key,
        cast(null as {{ dbt.type_string() }}) as line_id,
        cast(null as {{ dbt.type_string() }}) as procedure_code,
        remits.charge_amount as amount,
        remits.service_date as event_date,
        remits.recorded_date,
        remits._source_file,
        remits._source_position,
        row_number() over (
            partition by remits.claim_key order by remits.is_reversal, remits.remit_number
        ) as charge_rank

    from {{ ref('int_claim__remits') }} as remits

    inner join headers
        on remits.claim_key = headers.claim_key
        and headers.known_from = 'remittance'

    where not remits.is_predetermination

),

final as (

    select
        claim_key,
        line_id,
        procedure_code,
        amount,
        event_date,
        recorded_date,
        _source_file,
        _source_position

    from billed

    union all

    select
        claim_key,
        line_id,
        procedure_code,
        amount,
        event_date,
        recorded_date,
        _source_file,
        _source_position

    from submitted

    union all

    select
        claim_key,
        line_id,
        procedure_code,
        amount,
        event_date,
        recorded_date,
        _source_file,
        _source_position

    from remitted

    where charge_rank = 1

)

select * from final
