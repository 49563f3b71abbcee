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

    {{ union_distinct() }}

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

    select distinct
        claim_namespace,
        claim_id,
        claim_number,
        {{ claim_number_start('claim_id') }} as claim_id_start

    from claims

),

-- by windows: of counts that are joined on the name space, which all claims of a hospital share,
-- and on something else, a planner that knows too little joins the counts with each other first
shared as (

    select
        claim_namespace,
        claim_id,
        claim_number,
        claim_id_start,
        count(*) over (partition by claim_namespace, claim_number) as same_number_count,
        count(*) over (partition by claim_namespace, claim_id_start) as same_start_count

    from numbers

),

final as (

    select
        claims.claim_key,
        claims.claim_namespace,
        claims.claim_id,
        claims.claim_number,
        claims.bill_number,
        shared.same_number_count,
        count(*) over (
            partition by claims.claim_namespace, claims.claim_number
        ) as bill_count,
        shared.claim_id_start,
        shared.same_start_count

    from claims

    inner join shared
        on claims.claim_namespace = shared.claim_namespace
        and claims.claim_id = shared.claim_id
        and claims.claim_number = shared.claim_number

)

select * from final
