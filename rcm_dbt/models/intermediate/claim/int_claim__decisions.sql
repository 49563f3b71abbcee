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

reasons as (

    select
        remit_claim_key,
        category,
        row_number() over (
            partition by remit_claim_key
            order by sum(amount) desc, category
        ) as reason_rank

    from {{ ref('int_claim__remit_adjustments') }}

    where is_denial

    group by
        remit_claim_key,
        category

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
        case when remits.is_denied then reasons.category end as denial_category,
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

    left join reasons
        on remits.remit_claim_key = reasons.remit_claim_key
        and reasons.reason_rank = 1

)

select * from final
