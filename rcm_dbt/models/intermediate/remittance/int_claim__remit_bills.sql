-- Which claim each claim of an 835 is about, and which part of it. What carries one number (CLP01)
-- and one payer's number (CLP07) is one matter of the payer's. A matter is about the bill that we
-- sent and that it fits best. Where we know none, matters of one number are one claim if they agree
-- in patient, day, charge and frequency, or if one refers to the other, and are several claims
-- otherwise; a later payer may quote what the first one left in place of the charge. A payer that
-- splits a claim (MA15) decides each part by itself.
with

lines as (

    select
        remit_claim_key,
        service_date,
        coalesce(procedure_code, revenue_code) as service_code

    from {{ ref('stg_x12__remit_lines') }}

),

service_days as (

    select
        remit_claim_key,
        min(service_date) as service_date,
        {{ dbt.listagg('service_code', "','", 'order by service_code') }} as service_codes

    from lines

    group by remit_claim_key

),

split_claims as (

    select distinct remit_claim_key

    from {{ ref('stg_x12__remit_remarks') }}

    where remark_code = 'MA15'

),

remits as (

    select
        remits.remit_claim_key,
        remits.remit_payment_key,
        payments.claim_namespace,
        -- a claim that is numbered anew when it is decided again stays what it was
        coalesce(account_numbers.account_id, remits.patient_control_number)
            as patient_control_number,
        coalesce(account_numbers.account_id, remits.patient_control_number, 'not given')
            as claim_id,
        coalesce(
            account_numbers.account_number,
            {{ plain_claim_number("coalesce(remits.patient_control_number, 'not given')") }}
        ) as claim_number,
        remits.payer_claim_number,
        remits.original_payer_claim_number,
        remits.frequency_code,
        {{ x12_patient(
            'remits.patient_last_name', 'remits.patient_first_name', 'remits.member_id'
        ) }} as patient,
        abs(remits.charge_amount) as charge_amount,
        coalesce(service_days.service_date, remits.statement_from_date) as service_date,
        service_days.service_codes,
        max(case when split_claims.remit_claim_key is not null then 1 else 0 end) over (
            partition by
                payments.claim_namespace,
                coalesce(account_numbers.account_id, remits.patient_control_number),
                coalesce(remits.payer_claim_number, remits.remit_claim_key)
        ) as split_flag,
        coalesce(statuses.status_class, 'unknown') as status_class,
        payments.payment_date,
        remits.recorded_date

    from {{ ref('stg_x12__remit_claims') }} as remits

    inner join {{ ref('int_cash__remit_payments') }} as payments
        on remits.remit_payment_key = payments.remit_payment_key

    left join {{ ref('int_claim__account_numbers') }} as account_numbers
        on payments.claim_namespace = account_numbers.claim_namespace
        and {{ plain_claim_number('remits.patient_control_number') }}
        = account_numbers.claim_number

    left join service_days
        on remits.remit_claim_key = service_days.remit_claim_key

    left join split_claims
        on remits.remit_claim_key = split_claims.remit_claim_key

    left join {{ ref('claim_status_codes') }} as statuses
        on remits.claim_status_code = statuses.claim_status_code

),

-- the payer's numbers of an account, and which earlier one each of them refers to
references_0 as (

    select
        claim_namespace,
        claim_number,
        payer_claim_number,
        max(nullif(original_payer_claim_number, payer_claim_number)) as matter

    from remits

    where payer_claim_number is not null

    group by
        claim_namespace,
        claim_number,
        payer_claim_number

),

references_1 as (

    select
        later.claim_namespace,
        later.claim_number,
        later.payer_claim_number,
        -- two numbers that refer to each other are one matter, too
        case
            when earlier.matter = later.payer_claim_number
                then least(later.payer_claim_number, earlier.payer_claim_number)
            else earlier.payer_claim_number
        end as matter

    from references_0 as later

    left join references_0 as earlier
        on later.claim_namespace = earlier.claim_namespace
        and later.claim_number = earlier.claim_number
        and later.matter = earlier.payer_claim_number

),

{% for step in [2, 3] -%}
    -- what refers to a replacement refers to what that replaced
    references_{{ step }} as (

        select
            later.claim_namespace,
            later.claim_number,
            later.payer_claim_number,
            coalesce(earlier.matter, later.matter) as matter

        from references_{{ step - 1 }} as later

        left join references_{{ step - 1 }} as earlier
            on later.claim_namespace = earlier.claim_namespace
            and later.claim_number = earlier.claim_number
            and later.matter = earlier.payer_claim_number

    ),

{% endfor -%}
numbered as (

    select
        remits.*,
        {{ surrogate_key([
            'remits.claim_namespace',
            'remits.claim_number',
            "coalesce(references_3.matter, remits.payer_claim_number)",
            "case when remits.payer_claim_number is null then remits.patient end",
            "case when remits.payer_claim_number is null then remits.service_date end",
            "case when remits.payer_claim_number is null or remits.split_flag = 1
                then remits.charge_amount end",
            "case when remits.split_flag = 1 then remits.service_codes end",
        ]) }} as matter_key

    from remits

    left join references_3
        on remits.claim_namespace = references_3.claim_namespace
        and remits.claim_number = references_3.claim_number
        and remits.payer_claim_number = references_3.payer_claim_number

),

ranked as (

    select
        *,
        row_number() over (
            partition by matter_key
            order by
                case
                    when status_class = 'reversal' then 2
                    when status_class = 'predetermination' then 3
                    when service_codes is null then 1
                    else 0
                end,
                recorded_date,
                payment_date,
                remit_claim_key
        ) as place

    from numbered

),

-- a matter is what its first decision says; interim bills of two months may charge the same
matters as (

    select
        *,
        concat_ws(
            ' ',
            charge_amount,
            service_codes,
            case when frequency_code in ('2', '3', '4') then service_date end
        ) as content

    from ranked

    where place = 1

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
        numbered.matter_key,
        found.claim_key,
        min(found.found_by) as found_by,
        max(found.fit) as fit

    from found

    inner join numbered
        on found.answer_key = numbered.remit_claim_key

    group by
        numbered.matter_key,
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
                    concat_ws(
                        ' ',
                        patient,
                        'split',
                        min(first_date) over (
                            partition by claim_namespace, claim_number, patient, split_flag
                        )
                    )
            when (is_change or is_of_the_rest) and part_code is null
                then
                    concat_ws(
                        ' ',
                        patient,
                        first_date,
                        first_value(charge_amount) over (
                            partition by
                                claim_namespace, claim_number, patient, first_date, part_code
                            order by
                                is_change, is_of_the_rest, recorded_date, payment_date, matter_key
                        )
                    )
            else concat_ws(' ', patient, first_date, charge_amount, part_code)
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
        numbered.remit_claim_key,
        numbered.remit_payment_key,
        numbered.patient,
        numbered.frequency_code,
        numbered.service_codes,
        numbered.status_class in ('first payer', 'unknown') as is_first_payer,
        resolved.*

    from numbered

    inner join resolved
        on numbered.matter_key = resolved.matter_key

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

    union

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
