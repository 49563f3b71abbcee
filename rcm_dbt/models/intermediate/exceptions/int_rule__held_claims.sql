-- The claims that held items of remittances speak of: they were received, though not loaded. What
-- a claim lacks may wait here. A text is cut at each claim by counting up, as every engine can.
with

held as (

    select
        *,
        {{ dbt.concat(["'CLP'", 'element_separator']) }} as claim_start

    from {{ ref('int_rule__held') }}

    where is_remittance and not is_second_delivery and claim_namespace is not null

),

counted as (

    select
        *,
        {{ integer_divide(
            "length(content_text) - length(replace(content_text, claim_start, ''))",
            'length(claim_start)'
        ) }} as claim_count

    from held

),

-- of a held payment with more claims than that, the rest stays dark
numbers as (

    {{ dbt.generate_series(10000) }}

),

items as (

    select
        counted.quarantine_id,
        counted.claim_namespace,
        counted.facility_key,
        counted.element_separator,
        counted.recorded_date,
        numbers.generated_number as claim_number,
        {{ literal_split(
            'counted.content_text', 'counted.claim_start', 'cast(numbers.generated_number + 1 as int)'
        ) }} as claim_text

    from counted

    inner join numbers
        on counted.claim_count >= numbers.generated_number

),

elements as (

    select
        quarantine_id,
        claim_namespace,
        facility_key,
        recorded_date,
        claim_number,
        {{ clean_text(literal_split('claim_text', 'element_separator', 1)) }} as claim_id,
        {{ clean_text(literal_split('claim_text', 'element_separator', 2)) }} as claim_status_code,
        {{ money_or_null(literal_split('claim_text', 'element_separator', 3)) }} as charge_amount,
        {{ money_or_null(literal_split('claim_text', 'element_separator', 4)) }} as paid_amount

    from items

),

final as (

    select
        elements.quarantine_id,
        elements.claim_number,
        {{ surrogate_key(['claim_namespace', "coalesce(claim_id, 'not given')"]) }} as claim_key,
        elements.claim_id,
        elements.claim_status_code,
        statuses.status_class,
        elements.charge_amount,
        elements.paid_amount,
        case
            when elements.claim_status_code is not null
                then coalesce(statuses.status_class, 'unknown')
                    not in ('reversal', 'predetermination')
        end as is_decision,
        elements.facility_key,
        elements.recorded_date

    from elements

    left join {{ ref('claim_status_codes') }} as statuses
        on elements.claim_status_code = statuses.claim_status_code

)

select * from final
