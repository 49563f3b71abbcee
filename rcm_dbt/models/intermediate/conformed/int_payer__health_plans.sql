-- The plans by which patients are covered: each line of business of each payer that a bill names.
with

billed as (

    select distinct
        source_system,
        payer_id,
        line_of_business

    from {{ ref('int_transaction__current') }}

    where payer_id is not null and line_of_business is not null

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

),

plans as (

    select distinct
        payers.payer_key,
        billed.line_of_business

    from billed

    inner join payers
        on billed.source_system = payers.source_system
        and billed.payer_id = payers.payer_id

),

final as (

    select
        {{ surrogate_key(['plans.payer_key', 'plans.line_of_business']) }} as health_plan_key,
        plans.payer_key,
        {{ join_texts(['current_payers.payer_name', 'plans.line_of_business'], ', ') }}
            as health_plan_name,
        plans.line_of_business,
        current_payers.payer_class

    from plans

    left join {{ ref('int_payer__current') }} as current_payers
        on plans.payer_key = current_payers.payer_key

)

select * from final
