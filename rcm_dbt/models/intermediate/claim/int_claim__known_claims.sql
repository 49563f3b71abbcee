-- Every claim that we know ourselves, from the billing system or from an 837 that we sent: what an
-- answer of a payer may be about. A payer must return only the first 20 characters of a number.
with

claims as (

    select
        claim_key,
        source_system as claim_namespace,
        claim_id

    from {{ ref('int_transaction__current') }}

    union

    select
        claim_key,
        claim_namespace,
        claim_id

    from {{ ref('int_claim__submissions') }}

),

final as (

    select
        claim_key,
        claim_namespace,
        claim_id,
        {{ claim_number_start('claim_id') }} as claim_id_start,
        count(*) over (
            partition by claim_namespace, {{ claim_number_start('claim_id') }}
        ) as same_start_count

    from claims

)

select * from final
