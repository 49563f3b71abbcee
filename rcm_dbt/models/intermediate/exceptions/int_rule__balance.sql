-- Remittances that balance to the cent in what counts (rules B1 to B3 saw to that while they were
-- read) and yet contradict themselves in what is merely stated.
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

stated as (

    select
        remit_claim_key,
        patient_responsibility_amount

    from {{ ref('stg_x12__remit_claims') }}

),

adjusted as (

    select
        remit_claim_key,
        {{ sum_where('amount', "group_code = 'PR'") }} as patient_amount,
        {{ sum_where('amount', 'line_no is null') }} as claim_level_amount

    from {{ ref('stg_x12__remit_adjustments') }}

    group by remit_claim_key

),

lines as (

    select
        remit_claim_key,
        sum(charge_amount) as charge_amount,
        sum(paid_amount) as paid_amount

    from {{ ref('stg_x12__remit_lines') }}

    group by remit_claim_key

),

payments as (

    select * from {{ ref('int_cash__received_payments') }}

    where delivery_number = 1

),

announced as (

    select
        remit_payment_key,
        handling_code,
        payment_method

    from {{ ref('stg_x12__remit_payments') }}

),

patient_shares as (

    select
        {{ finding(
            "'B4'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='stated.patient_responsibility_amount - coalesce(adjusted.patient_amount, 0)',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    inner join stated
        on remits.remit_claim_key = stated.remit_claim_key

    left join adjusted
        on remits.remit_claim_key = adjusted.remit_claim_key

    where
        not remits.is_reversal
        and stated.patient_responsibility_amount <> coalesce(adjusted.patient_amount, 0)

),

line_sums as (

    select
        {{ finding(
            "'B5'",
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='remits.paid_amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from remits

    inner join lines
        on remits.remit_claim_key = lines.remit_claim_key

    left join adjusted
        on remits.remit_claim_key = adjusted.remit_claim_key

    where
        lines.charge_amount <> remits.charge_amount
        or lines.paid_amount - coalesce(adjusted.claim_level_amount, 0) <> remits.paid_amount

),

-- what the bank tells of a payment is said by its own rules, such as the fee of a card
untold_payments as (

    select remit_payment_key

    from {{ ref('int_cash__reconciliation') }}

    where deposit_status = 'not applicable'

),

impossible_payments as (

    select
        {{ finding(
            "'B6'",
            "'payment'",
            'payments.trace_number',
            'payments',
            amount='payments.payment_amount',
            facility_key='payments.facility_key',
            payer_key='payments.payer_key',
        ) }}

    from payments

    inner join announced
        on payments.remit_payment_key = announced.remit_payment_key

    left join untold_payments
        on payments.remit_payment_key = untold_payments.remit_payment_key

    where
        payments.payment_amount < 0
        or (
            (announced.payment_method = 'NON' or announced.handling_code = 'H')
            and payments.payment_amount <> 0
            and untold_payments.remit_payment_key is not null
        )

),

final as (

    select * from patient_shares
    union all
    select * from line_sums
    union all
    select * from impossible_payments

)

select * from final
