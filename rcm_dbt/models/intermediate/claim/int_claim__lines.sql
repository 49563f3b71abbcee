-- What each claim consists of, from the best witness of the claim: the charge lines of the billing
-- system, else the lines of the 837 as last sent, else those of the 835 from which alone it is
-- known.
with

headers as (

    select * from {{ ref('int_claim__headers') }}

),

billed as (

    select
        transactions.transaction_key as claim_line_key,
        transactions.claim_key,
        transactions.transaction_id as line_id,
        cast(row_number() over (
            partition by transactions.claim_key
            order by transactions.transaction_id
        ) as {{ dbt.type_bigint() }}) as line_number,
        transactions.procedure_code,
        cast(null as {{ dbt.type_string() }}) as revenue_code,
        cast(null as {{ dbt.type_string() }}) as modifiers,
        cast(null as decimal(18, 4)) as units,
        transactions.amount as charge_amount,
        transactions.service_date,
        transactions.recorded_date,
        transactions._source_file,
        transactions._source_position

    from {{ ref('int_transaction__current') }} as transactions

    where transactions.event_type = 'CHARGE'

),

-- a line that a replacement leaves out, or that a void takes back, is charged nothing any more
last_versions as (

    select
        claim_key,
        max(charge_version) as charge_version

    from {{ ref('int_claim__submissions') }}

    group by claim_key

),

submitted as (

    select
        lines.claim_line_key,
        lines.claim_key,
        lines.line_id,
        lines.line_no as line_number,
        lines.procedure_code,
        lines.revenue_code,
        nullif(
            {{ join_texts([
                'lines.modifier_1', 'lines.modifier_2', 'lines.modifier_3', 'lines.modifier_4',
            ], ' ') }},
            ''
        ) as modifiers,
        lines.units,
        case
            when lines.charge_version = last_versions.charge_version and not lines.is_void
                then lines.charge_amount
            else {{ money(0) }}
        end as charge_amount,
        lines.service_date,
        lines.recorded_date,
        lines._source_file,
        lines._source_position

    from {{ ref('int_claim__submitted_lines') }} as lines

    inner join headers
        on lines.claim_key = headers.claim_key
        and headers.known_from = 'claim submission'

    inner join last_versions
        on lines.claim_key = last_versions.claim_key

    where lines.latest_rank = 1

),

remitted as (

    select
        lines.remit_line_key as claim_line_key,
        remits.claim_key,
        coalesce(
            lines.line_control_number, cast(lines.line_no as {{ dbt.type_string() }})
        ) as line_id,
        lines.line_no as line_number,
        lines.procedure_code,
        lines.revenue_code,
        nullif(
            {{ join_texts([
                'lines.modifier_1', 'lines.modifier_2', 'lines.modifier_3', 'lines.modifier_4',
            ], ' ') }},
            ''
        ) as modifiers,
        lines.units,
        lines.charge_amount,
        coalesce(lines.service_date, remits.service_date) as service_date,
        lines.recorded_date,
        lines._source_file,
        lines._source_position

    from {{ ref('stg_x12__remit_lines') }} as lines

    inner join {{ ref('int_claim__remits') }} as remits
        on lines.remit_claim_key = remits.remit_claim_key
        and remits.charge_rank = 1

    inner join headers
        on remits.claim_key = headers.claim_key
        and headers.known_from = 'remittance'

),

synthea as (

    select
        {{ surrogate_key(['source_system', 'transaction_id']) }} as claim_line_key,
        {{ surrogate_key(['source_system', 'claim_id']) }} as claim_key,
        transaction_id as line_id,
        cast(row_number() over (
            partition by source_system, claim_id
            order by charge_id
        ) as {{ dbt.type_bigint() }}) as line_number,
        procedure_code,
        cast(null as {{ dbt.type_string() }}) as revenue_code,
        cast(null as {{ dbt.type_string() }}) as modifiers,
        units,
        {{ money('coalesce(amount, 0)') }} as charge_amount,
        from_date as service_date,
        recorded_date,
        _source_file,
        _source_position

    from {{ ref('stg_synthea__claims_transactions') }}

    where transaction_type = 'CHARGE'

),

final as (

    select * from billed
    union all
    select * from submitted
    union all
    select * from remitted
    union all
    select * from synthea

)

select * from final
