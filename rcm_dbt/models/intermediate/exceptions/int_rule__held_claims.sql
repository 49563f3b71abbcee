-- The claims that held items of remittances speak of: they were received, though not loaded. What
-- a claim lacks may wait here. A text is cut at each claim by counting up, as every engine can.
-- Which bill of its number it is about is told as for a claim that is loaded, by what can be read
-- of it; what agrees with none of several bills is about none of them.
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
        claim_number as place_in_item,
        {{ surrogate_key(['quarantine_id', 'claim_number']) }} as held_claim_key,
        {{ clean_text(literal_split('claim_text', 'element_separator', 1)) }} as claim_id,
        {{ clean_text(literal_split('claim_text', 'element_separator', 2)) }} as claim_status_code,
        {{ money_or_null(literal_split('claim_text', 'element_separator', 3)) }} as charge_amount,
        {{ money_or_null(literal_split('claim_text', 'element_separator', 4)) }} as paid_amount,
        {{ clean_text(literal_split('claim_text', 'element_separator', 7)) }} as payer_claim_number,
        -- one letter, behind which the segment may end
        substr({{ literal_split('claim_text', 'element_separator', 9) }}, 1, 1) as frequency_code

    from items

),

plain as (

    select
        *,
        {{ plain_claim_number("coalesce(claim_id, 'not given')") }} as plain_number

    from elements

),

answers as (

    select
        held_claim_key as answer_key,
        claim_namespace,
        claim_id as patient_control_number,
        plain_number as claim_number,
        {{ dbt.concat(['plain_number', "'|'", 'payer_claim_number']) }} as other_number,
        charge_amount,
        cast(null as date) as service_date,
        frequency_code,
        cast(null as {{ dbt.type_string() }}) as patient

    from plain

),

known_claims as (

    select * from {{ ref('int_claim__known_claims') }}

),

bills as (

    select * from {{ ref('int_claim__bills') }}

),

answered as (

    select
        claim_namespace,
        {{ plain_claim_number('claim_id') }} as claim_number,
        payer_claim_number,
        abs(charge_amount) as charge_amount,
        claim_key

    from {{ ref('int_claim__remits') }}

),

-- what the payer decided under the same two numbers is one matter
other_numbers as (

    select
        claim_namespace,
        {{ dbt.concat(['claim_number', "'|'", 'payer_claim_number']) }} as other_number,
        min(claim_key) as claim_key

    from answered

    where payer_claim_number is not null

    group by
        claim_namespace,
        claim_number,
        payer_claim_number

    having count(distinct claim_key) = 1

),

{{ claims_that_answers_mean() }},

best as (

    select
        answer_key,
        claim_key,
        row_number() over (
            partition by answer_key
            order by
                case when found_by = 4 then 0 else found_by end,
                fit desc,
                claim_key asc
        ) as place

    from found

),

-- claims that remittances alone know
answered_by_charge as (

    select
        claim_namespace,
        claim_number,
        charge_amount,
        min(claim_key) as claim_key

    from answered

    group by
        claim_namespace,
        claim_number,
        charge_amount

    having count(distinct claim_key) = 1

),

answered_numbers as (

    select
        claim_namespace,
        claim_number,
        count(distinct claim_key) as claim_count,
        min(claim_key) as claim_key

    from answered

    group by
        claim_namespace,
        claim_number

),

final as (

    select
        plain.quarantine_id,
        plain.place_in_item as claim_number,
        case
            when best.claim_key is not null then best.claim_key
            when answered_by_charge.claim_key is not null then answered_by_charge.claim_key
            when answered_numbers.claim_count = 1 then answered_numbers.claim_key
            when answered_numbers.claim_count > 1
                then {{ surrogate_key(["'held'", 'plain.held_claim_key']) }}
            else {{ surrogate_key([
                'plain.claim_namespace', "coalesce(plain.claim_id, 'not given')"
            ]) }}
        end as claim_key,
        plain.claim_id,
        plain.claim_status_code,
        statuses.status_class,
        plain.charge_amount,
        plain.paid_amount,
        case
            when plain.claim_status_code is not null
                then coalesce(statuses.status_class, 'unknown')
                    not in ('reversal', 'predetermination')
        end as is_decision,
        plain.facility_key,
        plain.recorded_date

    from plain

    left join {{ ref('claim_status_codes') }} as statuses
        on plain.claim_status_code = statuses.claim_status_code

    left join best
        on plain.held_claim_key = best.answer_key
        and best.place = 1

    left join answered_by_charge
        on plain.claim_namespace = answered_by_charge.claim_namespace
        and plain.plain_number = answered_by_charge.claim_number
        and abs(plain.charge_amount) = answered_by_charge.charge_amount

    left join answered_numbers
        on plain.claim_namespace = answered_numbers.claim_namespace
        and plain.plain_number = answered_numbers.claim_number

)

select * from final
