-- Every number under which a payer is known. A payer that merged is known under two, and everything
-- that comes under either is one payer's.
with

payers as (

    select * from {{ ref('int_payer__current') }}

),

merged as (

    select * from {{ ref('stg_operations__payers') }}

    where merged_into is not null

),

final as (

    select
        source_system,
        payer_id,
        payer_key

    from payers

    union all

    select
        payers.source_system,
        merged.payer_id,
        payers.payer_key

    from merged

    inner join payers
        on merged.merged_into = payers.payer_id
        and payers.source_system = 'operations'

)

select * from final
