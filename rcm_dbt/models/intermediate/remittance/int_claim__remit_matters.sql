-- What each claim of an 835 says of itself, and the matter that it belongs to: what carries one
-- number (CLP01) and one payer's number (CLP07), with what that replaced, is one matter of the
-- payer's. A payer that splits a claim (MA15) keeps each part as a matter of its own. It is a table
-- because what finds the claims reads it many times, and Spark would work it out anew each time.
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

final as (

    {% set in_matter -%}
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
    {%- endset -%}
    select
        *,
        row_number() over (
            {{ in_matter }}
        ) as place_in_matter,
        first_value(remit_claim_key) over (
            {{ in_matter }}
        ) as first_remit_claim_key

    from numbered

)

select * from final
