-- What a rule held and was not loaded, with the payment that it stands in where that payment is
-- loaded otherwise, and with what is needed to find a claim in it.
with

items as (

    select * from {{ ref('int_quarantine__items') }}

    where not is_loaded

),

payments as (

    select
        *,
        -- the last payment of an interchange ends with it
        coalesce(
            lead(segment_no) over (
                partition by interchange_sha256
                order by segment_no
            ),
            2147483647
        ) as next_segment_no

    from {{ ref('int_cash__received_payments') }}

),

providers as (

    select * from {{ ref('int_facility__x12_providers') }}

),

placed as (

    select
        items.quarantine_id,
        items.rule_id,
        items.quarantine_level,
        items.source_system,
        items.reason,
        items.dollar_amount,
        items.content_text,
        items.recorded_date,
        items.closed_date,
        payments.remit_payment_key,
        payments.claim_namespace,
        payments.facility_key,
        payments.payer_key,
        coalesce(payments.delivery_number > 1, false) as is_second_delivery,
        coalesce(
            (items.quarantine_level = 'claim' and items.content_text like 'CLP%')
            or (items.quarantine_level = 'transaction' and items.content_text like 'ST_835%'),
            false
        ) as is_remittance,
        case items.quarantine_level
            when 'claim' then substr(items.content_text, 4, 1)
            when 'transaction' then substr(items.content_text, 3, 1)
        end as element_separator,
        items._source_file,
        items._source_position

    from items

    left join payments
        on items.source_system = payments.source_system
        and items._source_file = payments._source_file
        -- a sender may use the name of a file again
        and items._batch_id = payments._batch_id
        and case
            when items.quarantine_level = 'claim'
                then {{ dbt.split_part('items._source_position', "'/'", 1) }}
        end = {{ dbt.split_part('payments._source_position', "'/'", 1) }}
        and items.segment_no >= payments.segment_no
        and items.segment_no < payments.next_segment_no

),

-- who is paid by a payment that is held whole, by the segment that names the payee
payee_texts as (

    select
        quarantine_id,
        source_system,
        element_separator,
        substr(
            {{ literal_split(
                'content_text',
                dbt.concat(["'N1'", 'element_separator', "'PE'", 'element_separator']),
                2
            ) }},
            1,
            200
        ) as payee_text

    from placed

    where is_remittance and remit_payment_key is null

),

payees as (

    select
        payee_texts.quarantine_id,
        min(providers.claim_namespace) as claim_namespace,
        min(providers.facility_key) as facility_key

    from payee_texts

    inner join providers
        on payee_texts.source_system = providers.source_system
        and {{ dbt.position(
            dbt.concat([
                'payee_texts.element_separator',
                'coalesce(providers.npi, providers.tin, providers.provider_name)',
            ]),
            dbt.concat(['payee_texts.element_separator', 'payee_texts.payee_text'])
        ) }} > 0

    group by payee_texts.quarantine_id

    -- a text that fits several tells nothing
    having count(distinct providers.claim_namespace) = 1

),

final as (

    select
        placed.quarantine_id,
        placed.rule_id,
        placed.quarantine_level,
        placed.source_system,
        placed.reason,
        placed.dollar_amount,
        placed.content_text,
        placed.recorded_date,
        placed.closed_date,
        placed.remit_payment_key,
        coalesce(placed.claim_namespace, payees.claim_namespace) as claim_namespace,
        coalesce(placed.facility_key, payees.facility_key) as facility_key,
        placed.payer_key,
        placed.is_second_delivery,
        placed.is_remittance,
        placed.element_separator,
        placed._source_file,
        placed._source_position

    from placed

    left join payees
        on placed.quarantine_id = payees.quarantine_id

)

select * from final
