-- One row per CAS adjustment of a loaded remittance, with what it means: a contractual reduction, a
-- denial to work, a share that the patient owes, a hand-over to the next payer, or what nobody can
-- tell yet. Reason and group decide together; the claim status code does not, as payers deny under
-- status 1 too. A line is judged with its claim: one of a stay that is paid by the case is
-- packaged, not denied.
with

adjustments as (

    select * from {{ ref('stg_x12__remit_adjustments') }}

    where amount <> 0

),

reasons as (

    select * from {{ ref('carc_codes') }}

),

categories as (

    select * from {{ ref('adjustment_categories') }}

),

lines as (

    select
        remit_claim_key,
        line_no,
        revenue_code,
        charge_amount,
        paid_amount

    from {{ ref('stg_x12__remit_lines') }}

),

claims as (

    select * from {{ ref('stg_x12__remit_claims') }}

),

payments as (

    select * from {{ ref('int_cash__received_payments') }}

),

-- who pays a practice by the month, under whichever of its numbers, pays nothing for its single
-- services
capitations as (

    select distinct
        payments.payer_key,
        payments.claim_namespace

    from {{ ref('stg_x12__remit_provider_adjustments') }} as provider_adjustments

    inner join {{ ref('provider_adjustment_codes') }} as codes
        on provider_adjustments.reason_code = codes.reason_code
        and codes.ledger_event = 'CAPITATION'

    inner join payments
        on provider_adjustments.remit_payment_key = payments.remit_payment_key

),

-- a room makes a stay (revenue codes 010x to 021x, written with or without the leading zero)
rooms as (

    select distinct remit_claim_key

    from lines

    where
        (length(revenue_code) = 4 and revenue_code between '0100' and '0219')
        or (length(revenue_code) = 3 and revenue_code between '100' and '219')

),

claim_facts as (

    select
        claims.remit_claim_key,
        claims.charge_amount,
        claims.paid_amount,
        claims.paid_amount <> 0
        and (claims.drg_code is not null or rooms.remit_claim_key is not null) as is_paid_stay,
        capitations.payer_key is not null as is_capitated,
        -- what an earlier payer settled, a later one that pays the rest may take off whole
        claims.paid_amount <> 0 and coalesce(statuses.status_class = 'later payer', false)
            as is_paid_by_later_payer

    from claims

    left join {{ ref('claim_status_codes') }} as statuses
        on claims.claim_status_code = statuses.claim_status_code

    left join rooms
        on claims.remit_claim_key = rooms.remit_claim_key

    left join payments
        on claims.remit_payment_key = payments.remit_payment_key

    left join capitations
        on payments.payer_key = capitations.payer_key
        and payments.claim_namespace = capitations.claim_namespace

),

-- a contract never takes the whole charge: such an adjustment hides a denial (rule C9)
classified as (

    select
        adjustments.*,
        reasons.stage,
        coalesce(reasons.category, 'Not on the list') as listed_category,
        coalesce(reasons.is_denial, false) as is_listed_denial,
        coalesce(reasons.is_packaging, false) as is_packaging,
        coalesce(adjustments.group_code, '') = 'PR' as is_of_patient,
        coalesce(claim_facts.is_paid_stay, false) as is_paid_stay,
        coalesce(claim_facts.is_capitated, false) as is_capitated,
        case when claim_facts.charge_amount < 0 then -1 else 1 end as direction,
        coalesce(
            adjustments.reason_code = '45'
            and adjustments.group_code <> 'PR'
            and not claim_facts.is_paid_by_later_payer
            and adjustments.amount = coalesce(lines.charge_amount, claim_facts.charge_amount)
            and coalesce(lines.paid_amount, claim_facts.paid_amount) = 0,
            false
        ) as takes_whole_charge

    from adjustments

    left join reasons
        on adjustments.reason_code = reasons.reason_code

    left join lines
        on adjustments.remit_claim_key = lines.remit_claim_key
        and adjustments.line_no = lines.line_no

    left join claim_facts
        on adjustments.remit_claim_key = claim_facts.remit_claim_key

),

-- what is paid above the charge of one line pays for the lines that it includes
offset_within_claim as (

    select
        *,
        is_packaging or takes_whole_charge as may_be_packaged,
        {{ sum_where(
            'direction * amount',
            'not is_of_patient and (is_packaging or takes_whole_charge)'
        ) }} over (partition by remit_claim_key) as packaging_amount,
        {{ sum_where(
            '-direction * amount',
            "not is_of_patient and not is_listed_denial and not takes_whole_charge
            and listed_category in ('Contractual', 'Pricing rule')"
        ) }} over (partition by remit_claim_key) as paid_above_amount

    from classified

),

judged as (

    select
        *,
        case
            when
                may_be_packaged
                and (
                    is_paid_stay
                    or (
                        not is_of_patient
                        and packaging_amount > 0
                        and paid_above_amount >= packaging_amount
                    )
                )
                then 'Packaged'
            when not is_of_patient and is_capitated and reason_code = '24' then 'Capitation'
            when takes_whole_charge then 'Unspecified'
            else listed_category
        end as category

    from offset_within_claim

),

named as (

    select
        *,
        category <> 'Packaged' and takes_whole_charge as is_whole_charge,
        category not in ('Packaged', 'Capitation') and (takes_whole_charge or is_listed_denial)
            as is_denial

    from judged

),

final as (

    select
        named.remit_claim_key,
        named.line_no,
        named.adjustment_no,
        named.group_code,
        named.reason_code,
        named.amount,
        named._source_file,
        named._source_position,
        named.is_whole_charge,
        named.category,
        named.stage,
        named.is_denial,
        coalesce(categories.lowers_allowed, false) as is_off_allowed,
        case
            when named.is_of_patient then 'TRANSFER_TO_PATIENT'
            when named.is_denial then 'DENIAL_HOLD'
            when named.group_code = 'OA' then categories.other_event
            else categories.contractual_event
        end as event_type

    from named

    left join categories
        on named.category = categories.category

)

select * from final
