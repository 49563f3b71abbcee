-- Every number under which a payer is known, for each system that names payers: the numbers of the
-- group's payer list mean the same in all of them, others in their own system alone. A payer that
-- merged is known under two numbers, and everything that comes under either is one payer's.
with

payers as (

    select * from {{ ref('int_payer__current') }}

),

merged as (

    select * from {{ ref('stg_operations__payers') }}

    where merged_into is not null

),

listed as (

    select
        payer_id,
        payer_key

    from payers

    where source_system = 'operations'

    union all

    select
        merged.payer_id,
        payers.payer_key

    from merged

    inner join payers
        on merged.merged_into = payers.payer_id
        and payers.source_system = 'operations'

),

systems as (

    select source_system from {{ ref('stg_operations__payers') }}
    {{ union_distinct() }}
    select source_system from {{ ref('int_transaction__current') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_hospital__authorizations') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_hospital__eligibility_checks') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_claims_csv__claims') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_x12__submitted_claims') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_x12__remit_payments') }}
    {{ union_distinct() }}
    select source_system from {{ ref('stg_x12__ack_batches') }}

),

known as (

    select
        systems.source_system,
        listed.payer_id,
        listed.payer_key

    from systems

    cross join listed

    union all

    select
        source_system,
        payer_id,
        payer_key

    from payers

    where source_system <> 'operations'

),

crosswalk as (

    select * from {{ ref('payer_crosswalk') }}

),

-- what people say that a payer is called, too, whatever the files say
said as (

    select
        known.source_system,
        crosswalk.written_as as payer_id,
        known.payer_key

    from known

    inner join crosswalk
        on known.payer_id = crosswalk.payer_id

),

final as (

    select
        known.source_system,
        known.payer_id,
        known.payer_key

    from known

    left join said
        on known.source_system = said.source_system
        and known.payer_id = said.payer_id

    where said.payer_id is null

    union all

    select
        source_system,
        payer_id,
        payer_key

    from said

)

select * from final
