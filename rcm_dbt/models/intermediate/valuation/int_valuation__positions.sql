-- Where each claim stood at the end of each day on which its ledger moved, and on the day on which
-- it matured: so long after the payer's first answer, or after the service where a patient pays
-- alone, that history expects no more of the patient. All as it could be known then. What is open
-- is the patient's as far as the payer has left it to the patient, denied as far as it is held for
-- a denial, and undecided otherwise; what only a patient pays is the patient's.
{%- set amounts = [
    'balance', 'charge', 'contractual', 'paid', 'patient_paid', 'denial_write_off',
    'patient_write_off', 'patient_share', 'denied',
] %}
{{ config(meta={'claims_from': ['int_valuation__claims', 'int_ledger__entries']}) }}
with

claims as (

    select * from {{ ref('int_valuation__claims') }}

),

entries as (

    select * from {{ ref('int_ledger__entries') }}

    where claim_key is not null

),

event_types as (

    select * from {{ ref('ledger_event_types') }}

),

moves as (

    select
        entries.claim_key,
        entries.recorded_date,
        sum(entries.ar_amount) as balance_amount,
        {{ sum_where('entries.ar_amount', "event_types.measure_class = 'charge'") }}
            as charge_amount,
        {{ sum_where('-entries.ar_amount', "event_types.measure_class = 'contractual'") }}
            as contractual_amount,
        {{ sum_where(
            '-entries.ar_amount', "event_types.measure_class in ('payer_cash', 'patient_cash')"
        ) }} as paid_amount,
        {{ sum_where('-entries.ar_amount', "event_types.measure_class = 'patient_cash'") }}
            as patient_paid_amount,
        {{ sum_where('-entries.ar_amount', "event_types.write_off_class = 'denial'") }}
            as denial_write_off_amount,
        {{ sum_where('-entries.ar_amount', "event_types.write_off_class = 'patient'") }}
            as patient_write_off_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'TRANSFER_TO_PATIENT'") }}
            as patient_share_amount,
        {{ sum_where('entries.memo_amount', "entries.event_type = 'DENIAL_HOLD'") }}
            as denied_amount,
        max(case
            when
                entries.event_type in (
                    'PAYER_PAYMENT', 'CONTRACTUAL', 'TRANSFER_TO_PATIENT', 'TRANSFER_TO_SECONDARY',
                    'DENIAL_HOLD', 'UNCLASSIFIED_ADJUSTMENT'
                )
                then 1
            else 0
        end) as answer_flag

    from entries

    inner join event_types
        on entries.event_type = event_types.event_type

    group by
        entries.claim_key,
        entries.recorded_date

),

answers as (

    select
        claim_key,
        min(case when answer_flag = 1 then recorded_date end) as answered_date

    from moves

    group by claim_key

),

-- a patient who pays alone answers to the service itself
dated as (

    select
        claims.claim_key,
        claims.is_self_pay,
        case when claims.is_self_pay then claims.service_date else answers.answered_date end
            as answered_date

    from answers

    inner join claims
        on answers.claim_key = claims.claim_key

),

matured as (

    select
        *,
        cast(
            {{ dbt.dateadd(
                'day', 'cast(' ~ kpi_parameter('history_maturity_days') ~ ' as integer)',
                'answered_date'
            ) }} as date
        ) as mature_date

    from dated

),

days as (

    select * from moves

    union all

    select
        claim_key,
        mature_date as recorded_date,
        {%- for amount in amounts %}
            0 as {{ amount }}_amount,
        {%- endfor %}
        0 as answer_flag

    from matured

    where
        mature_date <= {{ as_of_date() }}
        and not exists (
            select 1 from moves
            where moves.claim_key = matured.claim_key and moves.recorded_date = matured.mature_date
        )

),

totals as (

    select
        claim_key,
        recorded_date,
        {%- for amount in amounts %}
            sum({{ amount }}_amount) over (
                partition by claim_key
                order by recorded_date
                rows between unbounded preceding and current row
            ) as {{ amount }}_amount,
        {%- endfor %}
        max(answer_flag) over (
            partition by claim_key
            order by recorded_date
            rows between unbounded preceding and current row
        ) = 1 as is_answered

    from days

),

patient_parts as (

    select
        totals.*,
        matured.is_self_pay,
        matured.answered_date,
        matured.mature_date,
        case
            when matured.is_self_pay then greatest(totals.balance_amount, 0)
            when totals.is_answered
                then
                    least(
                        greatest(totals.balance_amount, 0),
                        greatest(
                            totals.patient_share_amount
                            - totals.patient_paid_amount
                            - totals.patient_write_off_amount,
                            0
                        )
                    )
            else 0
        end as patient_open_amount

    from totals

    inner join matured
        on totals.claim_key = matured.claim_key

),

denied_parts as (

    select
        *,
        case
            when is_answered
                then
                    least(
                        greatest(balance_amount, 0) - patient_open_amount,
                        greatest(denied_amount - denial_write_off_amount, 0)
                    )
            else 0
        end as denied_open_amount

    from patient_parts

),

final as (

    select
        claim_key,
        recorded_date,
        answered_date,
        mature_date,
        is_self_pay,
        is_answered,
        coalesce(recorded_date >= mature_date, false) as is_mature,
        {{ money('charge_amount') }} as charge_amount,
        {{ money('contractual_amount') }} as contractual_amount,
        {{ money('paid_amount') }} as paid_amount,
        {{ money('patient_paid_amount') }} as patient_paid_amount,
        {{ money('denial_write_off_amount') }} as denial_write_off_amount,
        {{ money('patient_write_off_amount') }} as patient_write_off_amount,
        {{ money('patient_share_amount') }} as patient_share_amount,
        {{ money('denied_amount') }} as denied_amount,
        {{ money('balance_amount') }} as balance_amount,
        {{ money('patient_open_amount') }} as patient_open_amount,
        {{ money('denied_open_amount') }} as denied_open_amount,
        {{ money('greatest(balance_amount, 0) - patient_open_amount - denied_open_amount') }}
            as undecided_open_amount

    from denied_parts

)

select * from final
