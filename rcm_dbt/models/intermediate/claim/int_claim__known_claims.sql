-- Every claim that we know ourselves, from the billing system or from an 837 that we sent: what an
-- answer of a payer may be about. A payer must return only the first 20 characters of a number.
with

claims as (

    select
        claim_key,
        source_system as claim_namespace,
        claim_id,
        {{ plain_claim_number('claim_id') }} as claim_number,
        1 as bill_number

    from {{ ref('int_transaction__current') }}

    union

    select
        claim_key,
        claim_namespace,
        min(claim_id) as claim_id,
        claim_number,
        min(bill_number) as bill_number

    from {{ ref('int_claim__bills') }}

    where not is_billed

    group by
        claim_key,
        claim_namespace,
        claim_number

),

numbers as (

    select
        claim_namespace,
        claim_number,
        count(distinct claim_id) as same_number_count,
        count(*) as bill_count

    from claims

    group by
        claim_namespace,
        claim_number

),

starts as (

    select
        claim_namespace,
        {{ claim_number_start('claim_id') }} as claim_id_start,
        count(distinct claim_id) as same_start_count

    from claims

    group by
        claim_namespace,
        {{ claim_number_start('claim_id') }}

),

final as (

    select
        claims.claim_key,
        claims.claim_namespace,
        claims.claim_id,
        claims.claim_number,
        claims.bill_number,
        numbers.same_number_count,
        numbers.bill_count,
        starts.claim_id_start,
        starts.same_start_count

    from claims

    inner join numbers
        on claims.claim_namespace = numbers.claim_namespace
        and claims.claim_number = numbers.claim_number

    inner join starts
        on claims.claim_namespace = starts.claim_namespace
        and {{ claim_number_start('claims.claim_id') }} = starts.claim_id_start

)

select * from final
