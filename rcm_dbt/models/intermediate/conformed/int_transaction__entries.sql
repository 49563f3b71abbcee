-- What each row of the hospitals' billing journals says, in its latest version: one entry for its
-- own amount, and one for what was paid on it where it carries both. A kind that transaction_types
-- does not list, or a row without the dollars that its kind is about, moves nothing (rule T7).
{% set told = [
    'source_system', 'claim_id', 'encounter_id', 'patient_id', 'provider_id', 'department_id',
    'payer_id', 'line_of_business', 'procedure_code', 'diagnosis_code', 'visit_date',
    'service_date', 'paid_date', 'inserted_at', 'recorded_date', '_source_file', '_source_position',
] %}

with

ranked as (

    select
        *,
        row_number() over (
            partition by source_system, transaction_id
            order by modified_at desc, _source_file desc, _source_position desc
        ) as version_rank

    from {{ ref('stg_hospital__transactions') }}

),

transaction_types as (

    select
        transaction_types.amount_type as listed_type,
        transaction_types.paid_amount_type,
        lower(transaction_types.amount_type) as plain_type,
        ledger_event_types.measure_class in ('patient_cash', 'payer_cash') as is_cash

    from {{ ref('transaction_types') }} as transaction_types

    inner join {{ ref('ledger_event_types') }} as ledger_event_types
        on transaction_types.event_type = ledger_event_types.event_type

),

latest as (

    select
        ranked.*,
        transaction_types.listed_type,
        transaction_types.paid_amount_type,
        transaction_types.is_cash,
        case
            when transaction_types.listed_type is null then 'its kind is not listed'
            when transaction_types.is_cash and ranked.paid_amount is null then 'no amount paid'
            when not transaction_types.is_cash and ranked.amount is null then 'no amount'
        end as set_aside_reason

    from ranked

    left join transaction_types
        on lower(ranked.amount_type) = transaction_types.plain_type

    where ranked.version_rank = 1

),

final as (

    select
        {{ told | join(',\n        ') }},
        transaction_id,
        coalesce(listed_type, amount_type) as amount_type,
        set_aside_reason,
        -- what is paid on a listed row moves by itself
        case
            when set_aside_reason is not null and paid_amount_type is null
                then coalesce(nullif(amount, 0), paid_amount)
        end as set_aside_amount,
        case when not is_cash then amount end as amount,
        case when is_cash then paid_amount end as paid_amount

    from latest

    union all

    select
        {{ told | join(',\n        ') }},
        {{ dbt.concat(['transaction_id', "' paid'"]) }} as transaction_id,
        paid_amount_type as amount_type,
        cast(null as {{ dbt.type_string() }}) as set_aside_reason,
        cast(null as decimal(18, 2)) as set_aside_amount,
        cast(null as decimal(18, 2)) as amount,
        paid_amount

    from latest

    where not is_cash and paid_amount_type is not null and paid_amount <> 0

)

select * from final
