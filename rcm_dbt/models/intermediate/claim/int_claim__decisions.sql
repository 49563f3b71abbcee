-- What the payer of a claim decided, in order; of a claim that it decides in parts, each by itself.
-- Another payer's answer to the same claim is left out: it takes nothing back of what the first one
-- decided.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

    where is_decision and not is_secondary

),

headers as (

    select * from {{ ref('int_claim__headers') }}

),

final as (

    select
        remits.remit_claim_key,
        remits.claim_key,
        remits.part,
        headers.facility_key,
        headers.payer_key,
        remits.payment_date,
        remits.recorded_date,
        remits.is_denied,
        remits.charge_amount,
        remits.denied_amount,
        row_number() over (
            partition by remits.claim_key, remits.part
            order by remits.decision_number
        ) as payer_decision_number,
        row_number() over (
            partition by remits.claim_key, remits.part
            order by remits.decision_number desc
        ) = 1 as is_last_decision

    from remits

    inner join headers
        on remits.claim_key = headers.claim_key

)

select * from final
