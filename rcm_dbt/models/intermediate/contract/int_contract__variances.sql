-- Each line of a claim that its payer has decided, against its contract: by the first decision, so
-- that what was put right later does not hide what was wrong. A denied line is a denial and never
-- an underpayment. What is underpaid hides in the contractual adjustment, which is then larger than
-- the contract allows.
{{ config(meta={'claims_from': ['int_contract__expected', 'int_claim__decided_lines']}) }}
with

expected as (

    select * from {{ ref('int_contract__expected') }}

    where expected_amount is not null

),

decided_lines as (

    select * from {{ ref('int_claim__decided_lines') }}

),

decided as (

    select
        expected.*,
        decided_lines.remit_claim_key,
        decided_lines.payment_date,
        decided_lines.recorded_date,
        decided_lines.allowed_amount,
        decided_lines.paid_amount,
        decided_lines.denied_amount,
        decided_lines.contractual_amount,
        sum(expected.expected_amount) over (partition by expected.claim_key)
            as claim_expected_amount,
        expected.contract_method in ('case rate', 'per diem')
        and max(decided_lines.denied_amount) over (partition by expected.claim_key) = 0
        and min(decided_lines.allowed_amount) over (partition by expected.claim_key) = 0
            as is_packaged

    from decided_lines

    inner join expected
        on decided_lines.claim_line_key = expected.claim_line_key

),

-- what the contract gives for the whole claim is expected where the payer tells it
told as (

    select
        *,
        coalesce(
            case
                when is_packaged
                    then
                        {{ allocated_amount(
                            'claim_expected_amount',
                            'greatest(allowed_amount, 0)',
                            group_by=['claim_key'],
                            order_by='claim_line_key'
                        ) }}
            end,
            expected_amount
        ) as told_amount

    from decided

),

compared as (

    select
        claim_line_key,
        claim_key,
        line_id,
        facility_key,
        payer_key,
        procedure_code,
        service_date,
        units,
        modifier_percent,
        charge_amount,
        service_category,
        contract_id,
        contract_method,
        is_lesser_of,
        unpriced_reason,
        remit_claim_key,
        payment_date,
        recorded_date,
        allowed_amount,
        paid_amount,
        denied_amount,
        contractual_amount,
        told_amount as expected_amount,
        charge_amount - told_amount as expected_contractual_amount,
        denied_amount > 0 as is_denied,
        told_amount - allowed_amount as variance_amount,
        {{ money(
            'greatest('
            ~ kpi_parameter('underpayment_tolerance_amount')
            ~ ', round(told_amount * '
            ~ kpi_parameter('underpayment_tolerance_percent') ~ ' * 0.01, 2))'
        ) }} as tolerance_amount

    from told

),

final as (

    select
        *,
        not is_denied and variance_amount > tolerance_amount as is_underpaid,
        case
            when not is_denied and variance_amount > tolerance_amount
                then variance_amount
            else {{ money(0) }}
        end as underpaid_amount

    from compared

)

select * from final
