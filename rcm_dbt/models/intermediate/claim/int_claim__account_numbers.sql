-- Claim numbers that go on with the account of another. Some billing systems number a claim anew
-- when they send it again, and some payers its correction; what it replaces says the payer's number
-- of that (REF*F8), where one claim number of the same patient alone has it.
with

billed as (

    select distinct
        source_system as claim_namespace,
        {{ plain_claim_number('claim_id') }} as claim_number

    from {{ ref('int_transaction__current') }}

),

remits as (

    select
        payments.claim_namespace,
        remits.patient_control_number as claim_id,
        {{ plain_claim_number('remits.patient_control_number') }} as claim_number,
        {{ x12_patient(
            'remits.patient_last_name', 'remits.patient_first_name', 'remits.member_id'
        ) }} as patient,
        remits.payer_claim_number,
        remits.original_payer_claim_number

    from {{ ref('stg_x12__remit_claims') }} as remits

    inner join {{ ref('int_cash__remit_payments') }} as payments
        on remits.remit_payment_key = payments.remit_payment_key

    where remits.patient_control_number is not null

),

sent_again as (

    select
        providers.claim_namespace,
        {{ plain_claim_number('submitted.patient_control_number') }} as claim_number,
        {{ x12_patient(
            'submitted.patient_last_name', 'submitted.patient_first_name', 'submitted.member_id'
        ) }} as patient,
        submitted.original_payer_claim_number

    from {{ ref('stg_x12__submitted_claims') }} as submitted

    inner join {{ ref('int_facility__x12_providers') }} as providers
        on submitted.source_system = providers.source_system
        and {{ x12_provider_id(
            'submitted.billing_npi', 'submitted.billing_tin', 'submitted.billing_name'
        ) }} = providers.x12_provider_id

    where
        submitted.frequency_code in ('7', '8')
        and submitted.original_payer_claim_number is not null
        and submitted.patient_control_number is not null

    {{ union_distinct() }}

    select
        claim_namespace,
        claim_number,
        patient,
        original_payer_claim_number

    from remits

    where original_payer_claim_number is not null

),

-- a number of the payer's that several claim numbers have tells none of them
answered as (

    select
        claim_namespace,
        payer_claim_number,
        min(claim_number) as claim_number,
        min(claim_id) as claim_id,
        min(patient) as patient

    from remits

    where payer_claim_number is not null

    group by
        claim_namespace,
        payer_claim_number

    having count(distinct claim_number) = 1 and count(distinct patient) = 1

),

links_0 as (

    select
        sent_again.claim_namespace,
        sent_again.claim_number,
        min(answered.claim_number) as account_number,
        min(answered.claim_id) as account_id

    from sent_again

    inner join answered
        on sent_again.claim_namespace = answered.claim_namespace
        and sent_again.original_payer_claim_number = answered.payer_claim_number
        and sent_again.patient = answered.patient
        and sent_again.claim_number <> answered.claim_number

    -- the billing system knows its own accounts
    left join billed
        on sent_again.claim_namespace = billed.claim_namespace
        and sent_again.claim_number = billed.claim_number

    where billed.claim_number is null

    group by
        sent_again.claim_namespace,
        sent_again.claim_number

    having count(distinct answered.claim_number) = 1

),

{% for step in [1, 2] -%}
    -- what replaces a replacement goes on with what that replaced
    links_{{ step }} as (

        select
            later.claim_namespace,
            later.claim_number,
            coalesce(earlier.account_number, later.account_number) as account_number,
            coalesce(earlier.account_id, later.account_id) as account_id

        from links_{{ step - 1 }} as later

        left join links_{{ step - 1 }} as earlier
            on later.claim_namespace = earlier.claim_namespace
            and later.account_number = earlier.claim_number

    ),

{% endfor -%}
final as (

    select
        claim_namespace,
        claim_number,
        account_number,
        account_id

    from links_2

    -- two that refer to each other tell nothing
    where claim_number <> account_number

)

select * from final
