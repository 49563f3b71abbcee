-- Which claim each claim of an 835 is about, and which part of it. A matter of the payer's is about
-- the bill that we sent and that it fits best. Where we know none, matters of one number are one
-- claim if they agree in patient, day, charge and frequency, or if one refers to the other, and are
-- several claims otherwise; a later payer may quote what the first one left in place of the charge.
-- A payer that splits a claim (MA15) decides each part by itself.
with

remits as (

    select * from {{ ref('int_claim__remit_matters') }}

),

-- a matter is what its first decision says; interim bills of two months may charge the same
matters as (

    select
        *,
        {{ join_texts([
            'charge_amount',
            'service_codes',
            "case when frequency_code in ('2', '3', '4') then service_date end",
        ], ' ') }} as content

    from remits

    where place_in_matter = 1

),

known_claims as (

    select * from {{ ref('int_claim__known_claims') }}

),

bills as (

    select * from {{ ref('int_claim__bills') }}

),

other_numbers as (

    select
        claim_namespace,
        payer_claim_number as other_number,
        min(claim_key) as claim_key

    from {{ ref('int_claim__acknowledgements') }}

    where match_confidence <> 'none' and payer_claim_number is not null

    group by
        claim_namespace,
        payer_claim_number

    having count(distinct claim_key) = 1

),

answers as (

    select
        remit_claim_key as answer_key,
        claim_namespace,
        patient_control_number,
        claim_number,
        payer_claim_number as other_number,
        charge_amount,
        service_date,
        frequency_code,
        patient

    from remits

),

{{ claims_that_answers_mean() }},

meant as (

    select
        remits.matter_key,
        found.claim_key,
        min(found.found_by) as found_by,
        max(found.fit) as fit

    from found

    inner join remits
        on found.answer_key = remits.remit_claim_key

    group by
        remits.matter_key,
        found.claim_key

),

best as (

    select
        *,
        row_number() over (
            partition by matter_key
            order by found_by asc, fit desc, claim_key asc
        ) as place

    from meant

),

known_numbers as (

    select
        claim_namespace,
        claim_number,
        max(bill_number) as bill_count

    from known_claims

    group by
        claim_namespace,
        claim_number

),

unknown as (

    select
        matters.*,
        coalesce(known_numbers.bill_count, 0) as known_bill_count,
        coalesce(matters.frequency_code in ('7', '8'), false) as is_change,
        -- a later payer may have been billed for what the first one left
        matters.status_class = 'later payer'
        and max(case when matters.status_class <> 'later payer' then 1 else 0 end) over (
            partition by
                matters.claim_namespace,
                matters.claim_number,
                matters.patient,
                matters.service_date,
                matters.charge_amount
        ) = 0 as is_of_the_rest,
        case when matters.frequency_code in ('2', '3', '4', '5') then matters.frequency_code end
            as part_code,
        -- a matter that tells no day is of the day that others of its charge tell
        coalesce(
            matters.service_date,
            min(matters.service_date) over (
                partition by
                    matters.claim_namespace,
                    matters.claim_number,
                    matters.patient,
                    matters.charge_amount
            )
        ) as first_date

    from matters

    left join best
        on matters.matter_key = best.matter_key

    left join known_numbers
        on matters.claim_namespace = known_numbers.claim_namespace
        and matters.claim_number = known_numbers.claim_number

    where best.matter_key is null

),

signed as (

    select
        *,
        case
            when split_flag = 1
                then
                    {{ join_texts([
                        'patient',
                        "'split'",
                        'min(first_date) over (
                            partition by claim_namespace, claim_number, patient, split_flag
                        )',
                    ], ' ') }}
            when (is_change or is_of_the_rest) and part_code is null
                then
                    {{ join_texts([
                        'patient',
                        'first_date',
                        'first_value(charge_amount) over (
                            partition by
                                claim_namespace, claim_number, patient, first_date, part_code
                            order by
                                is_change, is_of_the_rest, recorded_date, payment_date, matter_key
                        )',
                    ], ' ') }}
            else {{ join_texts(['patient', 'first_date', 'charge_amount', 'part_code'], ' ') }}
        end as bill

    from unknown

),

dated as (

    select
        *,
        min(recorded_date) over (partition by claim_namespace, claim_number, bill)
            as first_recorded_date,
        first_value(claim_id) over (
            partition by claim_namespace, claim_number, bill
            order by recorded_date, payment_date, remit_claim_key
        ) as bill_claim_id

    from signed

),

placed as (

    select
        *,
        dense_rank() over (
            partition by claim_namespace, claim_number
            order by first_recorded_date, bill
        ) as place_of_bill

    from dated

),

resolved as (

    select
        matters.matter_key,
        matters.content,
        matters.split_flag,
        coalesce(best.found_by, 0) as found_by,
        case
            when best.claim_key is not null then best.claim_key
            when placed.place_of_bill = 1 and placed.known_bill_count = 0
                then {{ surrogate_key(['placed.claim_namespace', 'placed.bill_claim_id']) }}
            else {{ surrogate_key([
                'placed.claim_namespace', 'placed.bill_claim_id', 'placed.bill'
            ]) }}
        end as claim_key,
        coalesce(known_claims.bill_number, placed.place_of_bill + placed.known_bill_count)
            as bill_number,
        -- of several bills with one number the one that fits best is only likely
        coalesce(known_claims.bill_count > 1, false) as is_one_of_several

    from matters

    left join best
        on matters.matter_key = best.matter_key
        and best.place = 1

    left join known_claims
        on best.claim_key = known_claims.claim_key

    left join placed
        on matters.matter_key = placed.matter_key

),

joined as (

    select
        remits.remit_claim_key,
        remits.remit_payment_key,
        remits.patient,
        remits.frequency_code,
        remits.service_codes,
        remits.status_class in ('first payer', 'unknown') as is_first_payer,
        resolved.*

    from remits

    inner join resolved
        on remits.matter_key = resolved.matter_key

),

-- what one payment decides in several parts, by their services or as interim bills of an account
split_payments as (

    select
        claim_key,
        remit_payment_key

    from joined

    where is_first_payer and service_codes is not null

    group by
        claim_key,
        remit_payment_key

    having count(distinct content) > 1

),

split_accounts as (

    select claim_key from split_payments

    {{ union_distinct() }}

    select claim_key

    from joined

    where is_first_payer

    group by claim_key

    having
        max(split_flag) = 1
        or count(distinct case when frequency_code in ('2', '3', '4', '5') then content end) > 1

),

final as (

    select
        joined.remit_claim_key,
        joined.claim_key,
        joined.bill_number,
        joined.matter_key,
        joined.patient,
        joined.found_by,
        joined.is_one_of_several,
        split_accounts.claim_key is not null as is_split,
        case
            when split_accounts.claim_key is not null then joined.content
            else 'whole'
        end as part

    from joined

    left join split_accounts
        on joined.claim_key = split_accounts.claim_key

)

select * from final
