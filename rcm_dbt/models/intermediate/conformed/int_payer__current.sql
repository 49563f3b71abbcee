-- The payer list of the group, plus every payer that a feed names and the list does not:
-- an unknown payer is a row of its own, never a guess and never a lost dollar.
with

listed as (

    select
        {{ surrogate_key(["'operations'", 'payer_id']) }} as payer_key,
        'operations' as source_system,
        payer_id,
        payer_name,
        payer_class,
        true as is_listed

    from {{ ref('stg_operations__payers') }}

    -- the numbers that merged away are those of the payer that they merged into
    where merged_into is null

),

synthea as (

    select
        {{ surrogate_key(["'synthea'", 'payer_id']) }} as payer_key,
        source_system,
        payer_id,
        payer_name,
        case
            when payer_name = 'NO_INSURANCE' then 'Self-pay'
            when payer_name in ('Medicare', 'Dual Eligible') then 'Medicare'
            when payer_name = 'Medicaid' then 'Medicaid'
            when payer_name like 'Blue Cross%' then 'Blue'
            else 'Commercial'
        end as payer_class,
        true as is_listed

    from {{ ref('stg_synthea__payers') }}

),

crosswalk as (

    select * from {{ ref('payer_crosswalk') }}

),

written as (

    select
        source_system,
        {{ x12_payer_id('payer_id', 'payer_name') }} as payer_id,
        payer_name,
        1 as name_preference

    from {{ ref('stg_x12__submitted_claims') }}

    union all

    select
        source_system,
        payer_id,
        payer_name,
        2 as name_preference

    from {{ ref('int_payer__remit_payers') }}

    union all

    select
        source_system,
        payer_id,
        payer_id as payer_name,
        3 as name_preference

    from {{ ref('int_transaction__current') }}

    where payer_id is not null

),

named as (

    select
        written.source_system,
        coalesce(crosswalk.payer_id, written.payer_id) as payer_id,
        written.payer_name,
        min(written.name_preference) over (
            partition by written.source_system, coalesce(crosswalk.payer_id, written.payer_id)
        ) = written.name_preference as is_preferred_name

    from written

    left join crosswalk
        on written.payer_id = crosswalk.written_as

),

unlisted as (

    select
        {{ surrogate_key(['source_system', 'payer_id']) }} as payer_key,
        source_system,
        payer_id,
        max(case when is_preferred_name then payer_name end) as payer_name,
        'Not on the payer list' as payer_class,
        false as is_listed

    from named

    where
        payer_id not in (
            select payers.payer_id from {{ ref('stg_operations__payers') }} as payers
        )

    group by
        source_system,
        payer_id

),

final as (

    select * from listed
    union all
    select * from synthea
    union all
    select * from unlisted

)

select * from final
