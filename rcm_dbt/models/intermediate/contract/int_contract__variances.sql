-- Each line of a claim that its payer has decided, against its contract: by the first decision, so
-- that what was put right later does not hide what was wrong. A denied line is a denial and never
-- an underpayment. What is underpaid hides in the contractual adjustment, which is then larger than
-- the contract allows.
with

expected as (

    select * from {{ ref('int_contract__expected') }}

    where expected_amount is not null

),

decided_lines as (

    select * from {{ ref('int_claim__decided_lines') }}

),

compared as (

    select
        expected.*,
        decided_lines.remit_claim_key,
        decided_lines.payment_date,
        decided_lines.recorded_date,
        decided_lines.allowed_amount,
        decided_lines.paid_amount,
        decided_lines.denied_amount,
        decided_lines.contractual_amount,
        expected.charge_amount - expected.expected_amount as expected_contractual_amount,
        decided_lines.denied_amount > 0 as is_denied,
        expected.expected_amount - decided_lines.allowed_amount as variance_amount,
        {{ money(
            'greatest('
            ~ kpi_parameter('underpayment_tolerance_amount')
            ~ ', round(expected.expected_amount * '
            ~ kpi_parameter('underpayment_tolerance_percent') ~ ' * 0.01, 2))'
        ) }} as tolerance_amount

    from decided_lines

    inner join expected
        on decided_lines.claim_line_key = expected.claim_line_key

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
