-- Each line of a claim as its payer first decided it: what was later put right does not show here.
-- A claim that is denied as a whole comes without lines and has none.
with

decisions as (

    select * from {{ ref('int_claim__decisions') }}

    where payer_decision_number = 1

),

adjustments as (

    select
        remit_claim_key,
        line_no,
        {{ sum_where('amount', 'is_denial') }} as denied_amount,
        -- sequestration, penalties and taxes cut the payment, not what is allowed
        {{ sum_where('amount', "event_type = 'CONTRACTUAL' and is_off_allowed") }}
            as contractual_amount

    from {{ ref('int_claim__remit_adjustments') }}

    group by
        remit_claim_key,
        line_no

),

final as (

    select
        remit_lines.claim_line_key,
        min(decisions.claim_key) as claim_key,
        min(decisions.remit_claim_key) as remit_claim_key,
        min(decisions.payment_date) as payment_date,
        min(decisions.recorded_date) as recorded_date,
        {{ money('sum(coalesce(adjustments.denied_amount, 0))') }} as denied_amount,
        {{ money('sum(coalesce(adjustments.contractual_amount, 0))') }} as contractual_amount,
        {{ money(
            'sum(coalesce(
                remit_lines.allowed_amount,
                remit_lines.charge_amount
                - coalesce(adjustments.contractual_amount, 0)
                - coalesce(adjustments.denied_amount, 0)
            ))'
        ) }} as allowed_amount,
        {{ money('sum(remit_lines.paid_amount)') }} as paid_amount

    from {{ ref('int_claim__remit_lines') }} as remit_lines

    inner join decisions
        on remit_lines.remit_claim_key = decisions.remit_claim_key

    left join adjustments
        on remit_lines.remit_claim_key = adjustments.remit_claim_key
        and remit_lines.line_no = adjustments.line_no

    where remit_lines.claim_line_key is not null

    group by remit_lines.claim_line_key

)

select * from final
