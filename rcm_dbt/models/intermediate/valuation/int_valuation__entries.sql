-- How the net value of each claim came about, in the order in which it became known: what was
-- expected at the service, and what each day made of it (true-ups). Net revenue of a day is what it
-- added to the cash and to the value of the balance. Of a balance, the patient's part is worth what
-- patients pay of theirs (what the plan leaves to them uncovered, as without a plan) and nothing
-- once the claim has matured; the denied part what was expected of it, times what denials bring
-- back; the undecided part what was expected of it; a credit what is to be paid back.
{%- set bigint = dbt.type_bigint() %}
{%- set state = [
    'charge', 'contractual', 'paid', 'denial_write_off', 'patient_write_off', 'balance',
    'patient_share', 'patient_open', 'denied_open', 'undecided_open',
] %}
{%- set parts = [
    'expected', 'payer_true_up', 'denial_true_up', 'net', 'paid', 'net_balance', 'charge',
    'denial_write_off',
] %}
with

positions as (

    select * from {{ ref('int_valuation__positions') }}

),

expected as (

    select
        claim_key,
        cast(sum(charge_amount) * 100 as {{ bigint }}) as line_cents,
        cast(sum(expected_allowed_amount) * 100 as {{ bigint }}) as allowed_cents,
        cast(sum(expected_net_amount) * 100 as {{ bigint }}) as net_cents,
        cast(max(patient_collected_rate) * 1000000 as {{ bigint }}) as collected_millionths,
        cast(max(denial_recovered_rate) * 1000000 as {{ bigint }}) as recovered_millionths,
        cast(max(uncovered_collected_rate) * 1000000 as {{ bigint }}) as uncovered_millionths

    from {{ ref('int_valuation__expected') }}

    group by claim_key

),

cents as (

    select
        positions.claim_key,
        positions.recorded_date,
        positions.is_self_pay,
        positions.is_answered,
        positions.is_mature,
        {%- for amount in state %}
            cast(positions.{{ amount }}_amount * 100 as {{ bigint }}) as {{ amount }}_cents,
        {%- endfor %}
        cast(
            (
                positions.charge_amount
                - positions.denial_write_off_amount
                - positions.patient_write_off_amount
            ) * 100 as {{ bigint }}
        ) as kept_cents,
        case when expected.line_cents > 0 then expected.line_cents end as line_cents,
        coalesce(expected.allowed_cents, 0) as allowed_cents,
        coalesce(expected.net_cents, 0) as net_cents,
        coalesce(expected.collected_millionths, 0) as collected_millionths,
        coalesce(expected.recovered_millionths, 0) as recovered_millionths,
        coalesce(expected.uncovered_millionths, 0) as uncovered_millionths

    from positions

    left join expected
        on positions.claim_key = expected.claim_key

),

-- dollars of charges, at what was expected of the charges of their claim
valued as (

    select
        *,
        {%- for name, cents, part in [
            ('expected', 'greatest(charge_cents, 0)', 'net'),
            ('denial_write_off', 'greatest(denial_write_off_cents, 0)', 'net'),
            ('denied', 'denied_open_cents', 'net'),
            ('undecided', 'undecided_open_cents', 'net'),
            ('unanswered', 'greatest(kept_cents, 0)', 'net'),
            ('allowed', 'greatest(charge_cents, 0)', 'allowed'),
        ] %}
            {{ proportion_of_cents(cents, part ~ '_cents', 'line_cents') }} as {{ name }}_value,
        {%- endfor %}
        {{ proportion_of_cents(
            'greatest(denial_write_off_cents, 0) + denied_open_cents + undecided_open_cents',
            'allowed_cents',
            'line_cents'
        ) }} as unsettled_allowed_value

    from cents

),

-- what the patient owes beyond all that was expected to be allowed, the plan does not cover
uncovered as (

    select
        *,
        case
            when is_answered and not is_self_pay
                then greatest(patient_share_cents - allowed_value, 0)
            else 0
        end as uncovered_cents

    from valued

),

recovered as (

    select
        *,
        {{ share_of_cents('denied_value', 'recovered_millionths') }} as recovered_value,
        case
            when is_mature then 0
            else
                {{ share_of_cents(
                    'least(patient_open_cents, uncovered_cents)', 'uncovered_millionths'
                ) }} + {{ share_of_cents(
                    'greatest(patient_open_cents - uncovered_cents, 0)', 'collected_millionths'
                ) }}
        end as patient_value

    from uncovered

),

totals as (

    select
        *,
        case
            when balance_cents <= 0 then greatest(balance_cents, -greatest(paid_cents, 0))
            when is_self_pay then patient_value
            when is_answered then patient_value + recovered_value + undecided_value
            else greatest(unanswered_value - paid_cents, 0)
        end as net_balance_value,
        -(denial_write_off_value + denied_value - recovered_value) as denial_true_up_value,
        case
            when is_answered and not is_self_pay
                then
                    greatest(
                        charge_cents - contractual_cents - greatest(denial_write_off_cents, 0)
                        - denied_open_cents - undecided_open_cents - uncovered_cents,
                        0
                    ) + unsettled_allowed_value - allowed_value
            else 0
        end as payer_true_up_value,
        charge_cents as charge_value,
        paid_cents as paid_value

    from recovered

),

nets as (

    select
        *,
        paid_value + net_balance_value as net_value

    from totals

),

changes as (

    select
        claim_key,
        {%- for part in parts %}
            {{ part }}_value - coalesce(
                lag({{ part }}_value) over (partition by claim_key order by recorded_date), 0
            ) as {{ part }}_cents,
        {%- endfor %}
        recorded_date

    from nets

),

claims as (

    select * from {{ ref('int_valuation__claims') }}

),

final as (

    select
        {{ surrogate_key(['changes.claim_key', 'changes.recorded_date']) }} as valuation_entry_key,
        changes.claim_key,
        claims.facility_key,
        claims.payer_key,
        changes.recorded_date,
        claims.service_date,
        claims.service_month,
        {{ money('changes.charge_cents * 0.01') }} as charge_amount,
        {{ money('changes.expected_cents * 0.01') }} as expected_amount,
        {{ money('changes.payer_true_up_cents * 0.01') }} as payer_true_up_amount,
        {{ money('changes.denial_true_up_cents * 0.01') }} as denial_true_up_amount,
        {{ money(
            '(changes.net_cents - changes.expected_cents - changes.payer_true_up_cents'
            ~ ' - changes.denial_true_up_cents) * 0.01'
        ) }} as patient_true_up_amount,
        {{ money('changes.net_cents * 0.01') }} as net_revenue_amount,
        {{ money('changes.paid_cents * 0.01') }} as cash_amount,
        {{ money('changes.net_balance_cents * 0.01') }} as net_balance_change_amount,
        {{ money('changes.denial_write_off_cents * 0.01') }} as net_denial_write_off_amount

    from changes

    inner join claims
        on changes.claim_key = claims.claim_key

)

select * from final
