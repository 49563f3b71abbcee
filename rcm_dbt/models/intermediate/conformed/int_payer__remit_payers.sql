-- Which payer each payment of an 835 comes from. Payers name themselves by an identifier (N104), by
-- another one (REF*2U), by the company that pays (TRN03) and by a name in several spellings. What
-- the crosswalk says counts first, then an identifier; what has none is guessed, by the name of a
-- payer that is known or by the company, and said to be guessed. One company may pay for several
-- payers, so it tells a payer only if the name begins alike.
with

payments as (

    select
        remit_payment_key,
        source_system,
        payer_id,
        payer_secondary_id,
        originating_company_id,
        payer_name,
        {{ plain_name('payer_name') }} as plain_name,
        {{ dbt.split_part('upper(payer_name)', "' '", 1) }} as first_word

    from {{ ref('stg_x12__remit_payments') }}

),

crosswalk as (

    select * from {{ ref('payer_crosswalk') }}

),

billed as (

    select distinct
        source_system,
        payer_id,
        {{ plain_name('payer_name') }} as plain_name

    from {{ ref('stg_x12__submitted_claims') }}

    where payer_id is not null

),

systems as (

    select distinct source_system

    from payments

),

listed as (

    select
        systems.source_system,
        payers.payer_id,
        {{ plain_name('payers.payer_name') }} as plain_name

    from {{ ref('stg_operations__payers') }} as payers

    cross join systems

),

known as (

    select
        source_system,
        payer_id

    from billed

    {{ union_distinct() }}

    select
        source_system,
        payer_id

    from listed

),

-- an identifier that nobody else uses, beside one that is known, is the known one
bridges as (

    select
        payments.source_system,
        payments.payer_id,
        min(payments.payer_secondary_id) as known_payer_id

    from payments

    inner join known as second
        on payments.source_system = second.source_system
        and payments.payer_secondary_id = second.payer_id

    left join known as first
        on payments.source_system = first.source_system
        and payments.payer_id = first.payer_id

    where payments.payer_id is not null and first.payer_id is null

    group by
        payments.source_system,
        payments.payer_id

    having count(distinct payments.payer_secondary_id) = 1

),

identified as (

    select
        payments.*,
        case
            when by_id.written_as is not null then payments.payer_id
            when by_second.written_as is not null then payments.payer_secondary_id
            when by_name.written_as is not null then payments.payer_name
            when payments.payer_id is null and by_company.written_as is not null
                then payments.originating_company_id
        end as said_payer_id,
        coalesce(bridges.known_payer_id, payments.payer_id, payments.payer_secondary_id)
            as identified_payer_id

    from payments

    left join bridges
        on payments.source_system = bridges.source_system
        and payments.payer_id = bridges.payer_id

    left join crosswalk as by_id
        on payments.payer_id = by_id.written_as

    left join crosswalk as by_second
        on payments.payer_secondary_id = by_second.written_as

    left join crosswalk as by_name
        on payments.payer_name = by_name.written_as

    left join crosswalk as by_company
        on payments.originating_company_id = by_company.written_as

),

name_uses as (

    select
        source_system,
        plain_name,
        payer_id

    from billed

    {{ union_distinct() }}

    select
        source_system,
        plain_name,
        identified_payer_id as payer_id

    from identified

    where identified_payer_id is not null

    {{ union_distinct() }}

    select
        source_system,
        plain_name,
        payer_id

    from listed

),

names as (

    select
        source_system,
        plain_name,
        min(payer_id) as payer_id

    from name_uses

    where plain_name is not null

    group by
        source_system,
        plain_name

    having count(distinct payer_id) = 1

),

by_names as (

    select
        identified.*,
        case when identified.identified_payer_id is null then names.payer_id end as named_payer_id

    from identified

    left join names
        on identified.source_system = names.source_system
        and identified.plain_name = names.plain_name

),

companies as (

    select
        source_system,
        originating_company_id,
        first_word,
        count(distinct coalesce(identified_payer_id, named_payer_id)) as payer_count,
        min(coalesce(identified_payer_id, named_payer_id)) as payer_id,
        min(payer_name) as payer_name

    from by_names

    where originating_company_id is not null

    group by
        source_system,
        originating_company_id,
        first_word

),

final as (

    select
        by_names.remit_payment_key,
        by_names.source_system,
        by_names.payer_name,
        coalesce(
            by_names.said_payer_id,
            by_names.identified_payer_id,
            by_names.named_payer_id,
            case when companies.payer_count = 1 then companies.payer_id end,
            case when companies.payer_count = 0 then companies.payer_name end,
            by_names.payer_name,
            'unknown'
        ) as payer_id,
        case
            when by_names.said_payer_id is not null then 'crosswalk'
            when by_names.identified_payer_id is not null then 'identifier'
            when by_names.named_payer_id is not null then 'name of a known payer'
            when companies.payer_count = 1 then 'company that pays'
            when companies.payer_count = 0 and companies.payer_name <> by_names.payer_name
                then 'company that pays'
            when by_names.payer_name is not null then 'name'
            else 'none'
        end as found_by

    from by_names

    left join companies
        on by_names.source_system = companies.source_system
        and by_names.originating_company_id = companies.originating_company_id
        and by_names.first_word = companies.first_word

)

select * from final
