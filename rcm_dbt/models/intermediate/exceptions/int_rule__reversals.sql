-- Decisions that are taken back (V1, V3, V4) and amounts of whole payments (V5, V6). What waits in
-- quarantine counts as received: a correction that is held has not failed to come.
with

windows as (

    select window_days

    from {{ ref('rules') }}

    where rule_id = 'V3'

),

held_claims as (

    select * from {{ ref('int_rule__held_claims') }}

    where is_decision

),

payments as (

    select * from {{ ref('int_cash__received_payments') }}

    where delivery_number = 1

),

remits as (

    select * from {{ ref('int_claim__remits') }}

),

reversals as (

    select * from remits

    where is_reversal

),

decisions as (

    select * from remits

    where is_decision

),

voids as (

    select distinct claim_key

    from {{ ref('int_claim__submissions') }}

    where frequency_code = '8'

),

compared as (

    select
        reversals.remit_claim_key,
        sum(
            case
                when
                    decisions.recorded_date >= reversals.recorded_date
                    and decisions.payment_date >= reversals.payment_date
                    then 1
                else 0
            end
        ) as later_count,
        sum(
            case
                when
                    decisions.charge_amount = -reversals.charge_amount
                    and decisions.paid_amount = -reversals.paid_amount
                    then 1
                else 0
            end
        ) as equal_count,
        count(*) as decision_count

    from reversals

    inner join decisions
        on reversals.claim_key = decisions.claim_key
        and coalesce(reversals.payer_key, '') = coalesce(decisions.payer_key, '')

    group by reversals.remit_claim_key

),

held_with as (

    select
        reversals.remit_claim_key,
        sum(case when held_claims.recorded_date >= reversals.recorded_date then 1 else 0 end)
            as later_count,
        count(*) as held_count

    from reversals

    inner join held_claims
        on reversals.claim_key = held_claims.claim_key

    group by reversals.remit_claim_key

),

numbered as (

    select
        reversals.*,
        row_number() over (
            partition by claim_key, payer_key
            order by recorded_date, payment_date, remit_claim_key
        ) as reversal_number

    from reversals

),

judged as (

    select
        numbered.*,
        coalesce(compared.decision_count, 0) as decision_count,
        coalesce(compared.equal_count, 0) as equal_count,
        coalesce(held_with.held_count, 0) as held_count,
        matched.is_unmatched,
        voids.claim_key is not null as is_voided,
        coalesce(compared.later_count, 0) + coalesce(held_with.later_count, 0) > 0 as is_corrected,
        -- of a decision that was made twice, one still stands after the other is taken back
        coalesce(compared.decision_count, 0) + coalesce(held_with.held_count, 0)
        > numbered.reversal_number as has_standing_decision

    from numbered

    inner join {{ ref('int_claim__reversals') }} as matched
        on numbered.remit_claim_key = matched.remit_claim_key

    left join compared
        on numbered.remit_claim_key = compared.remit_claim_key

    left join held_with
        on numbered.remit_claim_key = held_with.remit_claim_key

    left join voids
        on numbered.claim_key = voids.claim_key

),

provider_adjustments as (

    select * from {{ ref('stg_x12__remit_provider_adjustments') }}

),

-- capitation never has claims beside it
adjusted_payments as (

    select distinct provider_adjustments.remit_payment_key

    from provider_adjustments

    left join {{ ref('provider_adjustment_codes') }} as codes
        on provider_adjustments.reason_code = codes.reason_code

    where coalesce(codes.ledger_event, '') <> 'CAPITATION'

),

held_payments as (

    select distinct remit_payment_key

    from {{ ref('int_rule__held') }}

    where remit_payment_key is not null

),

forward_balances as (

    select
        payments.source_system,
        payments.facility_key,
        payments.payer_key,
        -- payers write one reference in several ways
        min(provider_adjustments.reference_id) as reference_id,
        sum(provider_adjustments.amount) as amount,
        min(provider_adjustments._source_file) as _source_file,
        min(provider_adjustments._source_position) as _source_position,
        min(provider_adjustments.recorded_date) as recorded_date

    from provider_adjustments

    inner join payments
        on provider_adjustments.remit_payment_key = payments.remit_payment_key

    where provider_adjustments.reason_code = 'FB'

    group by
        payments.source_system,
        payments.facility_key,
        payments.payer_key,
        {{ trace_key('provider_adjustments.reference_id') }}

),

unlike_reversals as (

    select
        {{ finding(
            "'V1'",
            "'remittance claim'",
            'judged.claim_id',
            'judged',
            amount='judged.paid_amount',
            claim_key='judged.claim_key',
            facility_key='judged.facility_key',
            payer_key='judged.payer_key',
        ) }}

    from judged

    where
        judged.charge_amount > 0
        or judged.paid_amount > 0
        or (not judged.is_unmatched and judged.equal_count = 0 and judged.held_count = 0)

),

uncorrected_reversals as (

    select
        {{ finding(
            "'V3'",
            "'remittance claim'",
            'judged.claim_id',
            'judged',
            amount='judged.paid_amount',
            found_date=dbt.dateadd('day', 'windows.window_days', 'judged.recorded_date'),
            claim_key='judged.claim_key',
            facility_key='judged.facility_key',
            payer_key='judged.payer_key',
        ) }}

    from judged

    cross join windows

    where
        not judged.is_voided
        and not judged.is_corrected
        and not judged.has_standing_decision
        and {{ days_between('judged.recorded_date', as_of_date()) }} >= windows.window_days  -- noqa: LT05

),

orphan_reversals as (

    select
        {{ finding(
            "'V4'",
            "'remittance claim'",
            'judged.claim_id',
            'judged',
            amount='judged.paid_amount',
            claim_key='judged.claim_key',
            facility_key='judged.facility_key',
            payer_key='judged.payer_key',
        ) }}

    from judged

    where judged.is_unmatched

),

payments_without_claims as (

    select
        {{ finding(
            "'V5'",
            "'payment'",
            'payments.trace_number',
            'payments',
            amount='payments.payment_amount',
            facility_key='payments.facility_key',
            payer_key='payments.payer_key',
        ) }}

    from payments

    inner join adjusted_payments
        on payments.remit_payment_key = adjusted_payments.remit_payment_key

    left join held_payments
        on payments.remit_payment_key = held_payments.remit_payment_key

    where payments.claim_count = 0 and held_payments.remit_payment_key is null

),

open_balances as (

    select
        {{ finding(
            "'V6'",
            "'forward balance'",
            'forward_balances.reference_id',
            'forward_balances',
            amount='forward_balances.amount',
            facility_key='forward_balances.facility_key',
            payer_key='forward_balances.payer_key',
        ) }}

    from forward_balances

    where forward_balances.amount <> 0

),

final as (

    select * from unlike_reversals
    union all
    select * from uncorrected_reversals
    union all
    select * from orphan_reversals
    union all
    select * from payments_without_claims
    union all
    select * from open_balances

)

select * from final
