-- What a payer says of a claim and should not: unknown codes (C1, C2), reasons that are not in
-- force (C7) or say nothing alone (C8), contract adjustments that hide something else (C9, C10),
-- and dates that cannot be true (C15).
with

remits as (

    select * from {{ ref('int_claim__remits') }}

),

adjustments as (

    select
        adjustments.*,
        reasons.start_date,
        reasons.retired_date,
        coalesce(reasons.needs_remark, false) as needs_remark,
        coalesce(reasons.is_contractual, false) as is_contractual

    from {{ ref('int_claim__remit_adjustments') }} as adjustments

    left join {{ ref('carc_codes') }} as reasons
        on adjustments.reason_code = reasons.reason_code

),

claim_remarks as (

    select distinct remit_claim_key

    from {{ ref('stg_x12__remit_remarks') }}

    where line_no is null

),

line_remarks as (

    select distinct
        remit_claim_key,
        line_no

    from {{ ref('stg_x12__remit_remarks') }}

    where line_no is not null

),

payers as (

    select * from {{ ref('int_payer__identifiers') }}

    where source_system = 'operations'

),

contracts as (

    select
        payers.payer_key,
        {{ surrogate_key(["'operations'", 'contracts.facility_id']) }} as facility_key,
        min(contracts.effective_date) as first_date,
        max(coalesce(contracts.end_date, {{ as_of_date() }})) as last_date  -- noqa: LT05

    from {{ ref('stg_operations__payer_contracts') }} as contracts

    inner join payers
        on contracts.payer_id = payers.payer_id

    group by
        payers.payer_key,
        {{ surrogate_key(["'operations'", 'contracts.facility_id']) }}

),

false_dates as (

    select remits.remit_claim_key

    from remits

    inner join {{ ref('stg_x12__remit_payments') }} as payments
        on remits.remit_payment_key = payments.remit_payment_key
        and payments.has_false_date

    {{ union_distinct() }}

    select remit_claim_key

    from {{ ref('stg_x12__remit_claims') }}

    where has_false_date

    {{ union_distinct() }}

    select remit_claim_key

    from {{ ref('stg_x12__remit_lines') }}

    where has_false_date

),

hits as (

    select
        'C1' as rule_id,
        remit_claim_key,
        charge_amount as amount

    from remits

    where coalesce(status_class, 'unknown') = 'unknown'

    union all

    select
        'C2' as rule_id,
        remit_claim_key,
        amount

    from adjustments

    where group_code is null or group_code not in ('CO', 'PR', 'OA', 'PI')

    union all

    select
        'C7' as rule_id,
        adjustments.remit_claim_key,
        adjustments.amount

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    where
        not remits.is_reversal
        and (
            adjustments.retired_date <= remits.payment_date
            or adjustments.start_date > remits.payment_date
        )

    union all

    select
        'C8' as rule_id,
        adjustments.remit_claim_key,
        adjustments.amount

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    left join claim_remarks
        on adjustments.remit_claim_key = claim_remarks.remit_claim_key

    left join line_remarks
        on adjustments.remit_claim_key = line_remarks.remit_claim_key
        and adjustments.line_no = line_remarks.line_no

    where
        not remits.is_reversal
        and adjustments.needs_remark
        and claim_remarks.remit_claim_key is null
        and line_remarks.remit_claim_key is null

    union all

    select
        'C9' as rule_id,
        adjustments.remit_claim_key,
        adjustments.amount

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    where not remits.is_reversal and adjustments.is_whole_charge

    union all

    select
        'C10' as rule_id,
        adjustments.remit_claim_key,
        adjustments.amount

    from adjustments

    inner join remits
        on adjustments.remit_claim_key = remits.remit_claim_key

    inner join contracts
        on remits.payer_key = contracts.payer_key
        and remits.facility_key = contracts.facility_key
        and remits.service_date between contracts.first_date and contracts.last_date

    where
        not remits.is_reversal
        and adjustments.group_code = 'PR'
        and adjustments.is_contractual

    union all

    select
        'C15' as rule_id,
        remits.remit_claim_key,
        remits.charge_amount as amount

    from remits

    inner join false_dates
        on remits.remit_claim_key = false_dates.remit_claim_key

),

summed as (

    select
        rule_id,
        remit_claim_key,
        sum(amount) as amount

    from hits

    group by
        rule_id,
        remit_claim_key

),

final as (

    select
        {{ finding(
            'summed.rule_id',
            "'remittance claim'",
            'remits.claim_id',
            'remits',
            amount='summed.amount',
            claim_key='remits.claim_key',
            facility_key='remits.facility_key',
            payer_key='remits.payer_key',
        ) }}

    from summed

    inner join remits
        on summed.remit_claim_key = remits.remit_claim_key

)

select * from final
