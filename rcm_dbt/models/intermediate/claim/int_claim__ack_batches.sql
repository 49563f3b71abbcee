-- What a 277CA answers to many claims together: to a receiver, and to each provider under it. A
-- rejection here rejects every claim below (K6), also those that it does not list.
with

batches as (

    select * from {{ ref('stg_x12__ack_batches') }}

),

categories as (

    select * from {{ ref('ack_categories') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

listed as (

    select
        ack_batch_key,
        count(*) as claim_count

    from {{ ref('stg_x12__ack_claims') }}

    group by ack_batch_key

),

answers as (

    select
        batches.*,
        case
            when batches.action_code = 'U' then true
            when batches.action_code = 'WQ' then false
            else coalesce(categories.is_rejected, false)
        end as is_rejected,
        coalesce(listed.claim_count, 0) as own_claim_count

    from batches

    left join categories
        on batches.category_code = categories.category_code

    left join listed
        on batches.ack_batch_key = listed.ack_batch_key

),

-- a receiver's claims stand under its providers
below as (

    select
        parent_ack_batch_key,
        sum(own_claim_count) as claim_count

    from answers

    group by parent_ack_batch_key

),

final as (

    select
        answers.ack_batch_key,
        answers.source_system,
        answers.level_code,
        providers.facility_key,
        payers.payer_key,
        answers.batch_reference,
        answers.answered_id,
        answers.answered_name,
        answers.category_code,
        answers.status_code,
        answers.action_code,
        answers.is_rejected,
        coalesce(parents.is_rejected, false) as is_rejected_above,
        coalesce(below.claim_count, answers.own_claim_count) as listed_claim_count,
        answers.accepted_count,
        answers.rejected_count,
        answers.charge_amount,
        answers.accepted_amount,
        answers.rejected_amount,
        answers.status_date,
        answers.recorded_date,
        answers._source_file,
        answers._source_position

    from answers

    left join answers as parents
        on answers.parent_ack_batch_key = parents.ack_batch_key

    left join below
        on answers.ack_batch_key = below.parent_ack_batch_key

    left join providers
        on answers.source_system = providers.source_system
        and case
            when answers.level_code = '19'
                then {{ x12_provider_id('answers.answered_npi', 'null', 'answers.answered_name') }}
        end = providers.x12_provider_id

    left join payers
        on answers.source_system = payers.source_system
        and case
            when answers.source_entity_code = 'PR'
                then {{ x12_payer_id('answers.source_id', 'answers.source_name') }}
        end = payers.payer_id

)

select * from final
