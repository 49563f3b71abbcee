-- How each payer treats our claims, by the month in which they were first sent. A month is a
-- cohort: young ones have not been answered yet, and their age stands beside them.
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

    where first_submitted_date is not null

),

expected as (

    select
        claim_key,
        sum(expected_amount) as expected_amount

    from {{ ref('int_contract__expected') }}

    where expected_amount is not null

    group by claim_key

),

variances as (

    select
        claim_key,
        sum(case when is_denied then 0 else expected_amount end) as decided_expected_amount,
        sum(case when is_denied then 0 else allowed_amount end) as allowed_amount,
        sum(underpaid_amount) as underpaid_amount,
        {{ sum_where('1', 'is_underpaid') }} as underpaid_line_count

    from {{ ref('int_contract__variances') }}

    group by claim_key

),

first_passes as (

    select
        claim_key,
        sum(numerator) as numerator

    from {{ ref('int_kpi__contributions') }}

    where kpi = 'first_pass_yield'

    group by claim_key

),

joined as (

    select
        claims.*,
        expected.expected_amount,
        variances.decided_expected_amount,
        variances.allowed_amount,
        variances.underpaid_amount,
        variances.underpaid_line_count,
        first_passes.numerator as passed_count,
        first_passes.claim_key is not null as is_first_pass_judged,
        {{ days_between('claims.first_submitted_date', 'claims.first_payer_payment_date') }}
            as first_payment_days

    from claims

    left join expected
        on claims.claim_key = expected.claim_key

    left join variances
        on claims.claim_key = variances.claim_key

    left join first_passes
        on claims.claim_key = first_passes.claim_key

),

summed as (

    select
        {{ month_start('first_submitted_date') }} as submitted_month,
        facility_key,
        payer_key,
        count(*) as claim_count,
        {{ sum_where('1', "first_ack_status = 'rejected'") }} as rejected_claim_count,
        {{ sum_where('1', 'first_remit_date is not null') }} as remitted_claim_count,
        {{ sum_where('1', 'is_denied_on_first_remit') }} as initially_denied_claim_count,
        {{ sum_where('1', 'is_ever_denied') }} as denied_claim_count,
        {{ sum_where('1', 'is_first_pass_judged') }} as first_pass_judged_count,
        sum(coalesce(passed_count, 0)) as first_pass_count,
        sum(charge_amount) as charge_amount,
        sum(coalesce(expected_amount, 0)) as expected_amount,
        sum(coalesce(decided_expected_amount, 0)) as decided_expected_amount,
        sum(coalesce(allowed_amount, 0)) as allowed_amount,
        sum(contractual_amount) as contractual_amount,
        sum(payer_paid_amount) as payer_paid_amount,
        sum(patient_paid_amount) as patient_paid_amount,
        sum(write_off_amount) as write_off_amount,
        sum(coalesce(underpaid_amount, 0)) as underpaid_amount,
        sum(coalesce(underpaid_line_count, 0)) as underpaid_line_count,
        sum(open_amount) as open_amount,
        {{ sum_where('open_amount', "claim_status = 'denied'") }} as denied_open_amount,
        sum(first_payment_days) as first_payment_days,
        count(first_payment_days) as first_payment_count

    from joined

    group by
        {{ month_start('first_submitted_date') }},
        facility_key,
        payer_key

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        {{ surrogate_key(['summed.submitted_month', 'summed.facility_key', 'summed.payer_key']) }}
            as payer_performance_key,
        summed.submitted_month,
        {{ days_between(dbt.last_day('summed.submitted_month', 'month'), as_of_date()) }}
            as maturity_days,
        summed.facility_key,
        facilities.facility_name,
        summed.payer_key,
        coalesce(payers.payer_name, 'No payer named') as payer_name,
        payers.payer_class,
        {% for name in [
            'claim', 'rejected_claim', 'remitted_claim', 'initially_denied_claim', 'denied_claim',
            'first_pass_judged', 'first_pass',
        ] -%}
            cast(summed.{{ name }}_count as {{ dbt.type_bigint() }}) as {{ name }}_count,
        {% endfor -%}
        {% for name in [
            'charge', 'expected', 'decided_expected', 'allowed', 'contractual', 'payer_paid',
            'patient_paid', 'write_off', 'underpaid',
        ] -%}
            {{ money('summed.' ~ name ~ '_amount') }} as {{ name }}_amount,
        {% endfor -%}
        cast(summed.underpaid_line_count as {{ dbt.type_bigint() }}) as underpaid_line_count,
        {{ money('summed.open_amount') }} as open_amount,
        {{ money('summed.denied_open_amount') }} as denied_open_amount,
        cast(coalesce(summed.first_payment_days, 0) as {{ dbt.type_bigint() }})
            as first_payment_days,
        cast(summed.first_payment_count as {{ dbt.type_bigint() }}) as first_payment_count

    from summed

    left join payers
        on summed.payer_key = payers.payer_key

    left join facilities
        on summed.facility_key = facilities.facility_key

)

select * from final
