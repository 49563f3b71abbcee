-- One row per claim of an 835, in the order in which the money was reported. Which claim and which
-- part of it that is about, `int_claim__remit_bills` says; what nothing tells stays a claim of its
-- own: money is never posted on a guess.
with

remits as (

    select * from {{ ref('stg_x12__remit_claims') }}

),

payments as (

    select * from {{ ref('int_cash__remit_payments') }}

),

adjustments as (

    select
        remit_claim_key,
        {{ money("sum(case when is_denial then amount else 0 end)") }} as denied_amount,
        {{ money("sum(case when group_code = 'PR' then amount else 0 end)") }} as patient_amount,
        {{ money("sum(amount)") }} as adjustment_amount,
        -- what one line denies and another gives back is no denial of the claim
        case
            when {{ sum_where('amount', 'is_denial') }} > 0 then 1
            else 0
        end as denial_count

    from {{ ref('int_claim__remit_adjustments') }}

    group by remit_claim_key

),

service_dates as (

    select
        remit_claim_key,
        min(service_date) as service_date

    from {{ ref('stg_x12__remit_lines') }}

    group by remit_claim_key

),

bills as (

    select * from {{ ref('int_claim__remit_bills') }}

),

resolved as (

    select
        remits.remit_claim_key,
        remits.remit_payment_key,
        bills.claim_key,
        bills.bill_number,
        bills.part,
        bills.is_split,
        {{ match_method('bills.found_by', 'payer claim number') | indent(8) }} as match_method,
        case
            when bills.is_one_of_several and bills.found_by > 0 then 'likely'
            else {{ match_confidence('bills.found_by') }}
        end as match_confidence,
        remits.source_system,
        payments.claim_source_system,
        payments.claim_namespace,
        payments.facility_key,
        payments.payer_key,
        payments.trace_number,
        coalesce(remits.patient_control_number, 'not given') as claim_id,
        remits.claim_status_code,
        remits.payer_claim_number,
        remits.frequency_code,
        remits.charge_amount,
        -- interest within it is no payment of the claim (rule P9)
        {{ money('remits.paid_amount - remits.interest_amount') }} as paid_amount,
        coalesce(adjustments.denied_amount, {{ money(0) }}) as denied_amount,
        coalesce(adjustments.patient_amount, {{ money(0) }}) as patient_amount,
        coalesce(adjustments.adjustment_amount, {{ money(0) }}) as adjustment_amount,
        case
            when remits.claim_status_code is not null
                then coalesce(statuses.status_class, 'unknown')
        end as status_class,
        coalesce(adjustments.denial_count, 0) as denial_count,
        coalesce(
            service_dates.service_date, remits.statement_from_date, payments.payment_date
        ) as service_date,
        payments.payment_date,
        remits.recorded_date,
        remits._source_file,
        remits._source_position

    from remits

    inner join payments
        on remits.remit_payment_key = payments.remit_payment_key

    inner join bills
        on remits.remit_claim_key = bills.remit_claim_key

    left join {{ ref('claim_status_codes') }} as statuses
        on remits.claim_status_code = statuses.claim_status_code

    left join adjustments
        on remits.remit_claim_key = adjustments.remit_claim_key

    left join service_dates
        on remits.remit_claim_key = service_dates.remit_claim_key

),

classed as (

    select
        *,
        status_class = 'reversal' as is_reversal,
        -- a predetermination promises, and moves no money
        status_class = 'predetermination' as is_predetermination,
        coalesce(status_class = 'later payer', false) as is_secondary,
        status_class <> 'reversal' and denial_count > 0 as is_denied,
        status_class not in ('reversal', 'predetermination') as is_decision

    from resolved

),

final as (

    select
        *,
        cast(row_number() over (
            partition by claim_key
            order by recorded_date asc, payment_date asc, is_reversal desc, remit_claim_key asc
        ) as {{ dbt.type_bigint() }}) as remit_number,
        -- the payer's first word, second word and so on of each part of the claim that it decides
        -- by itself; a reversal only takes one back
        cast(case
            when is_decision
                then
                    row_number() over (
                        partition by claim_key, part, is_decision
                        order by recorded_date, payment_date, remit_claim_key
                    )
        end as {{ dbt.type_bigint() }}) as decision_number,
        -- which of them tells the charge of its part, where nothing else does: of a bill that was
        -- replaced (7), the last replacement; of a claim in parts, no later payer; a reversal has
        -- none
        case
            when is_decision and not (is_split and is_secondary)
                then
                    row_number() over (
                        partition by claim_key, part, is_decision, is_split and is_secondary
                        order by
                            coalesce(frequency_code = '7', false) desc,
                            case when frequency_code = '7' then recorded_date end desc,
                            case when frequency_code = '7' then payment_date end desc,
                            recorded_date asc,
                            payment_date asc,
                            remit_claim_key asc
                    )
        end as charge_rank

    from classed

)

select * from final
