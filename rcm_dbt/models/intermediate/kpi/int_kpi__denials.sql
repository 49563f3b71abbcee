-- KPIs of the front end of the payer and of its decisions, claim by claim.
{{ config(materialized='view') }}
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

decisions as (

    select * from {{ ref('int_claim__decisions') }}

),

-- a part of a claim that is decided again in the month counts once, with the most that was denied
remitted_parts as (

    select
        claim_key,
        part,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }} as remit_month,
        max(case when is_denied then 1 else 0 end) as denied_flag,
        max(charge_amount) as charge_amount,
        max(least(denied_amount, charge_amount)) as denied_amount

    from decisions

    group by
        claim_key,
        part,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }}

),

remitted as (

    select
        claim_key,
        facility_key,
        payer_key,
        remit_month,
        max(denied_flag) as denied_flag,
        sum(charge_amount) as charge_amount,
        sum(denied_amount) as denied_amount

    from remitted_parts

    group by
        claim_key,
        facility_key,
        payer_key,
        remit_month

),

first_decisions as (

    select * from decisions

    where payer_decision_number = 1

),

contested as (

    select
        first_decisions.claim_key,
        first_decisions.facility_key,
        first_decisions.payer_key,
        last_decisions.recorded_date,
        first_decisions.denied_amount,
        greatest(first_decisions.denied_amount - last_decisions.denied_amount, 0)
            as overturned_amount

    from first_decisions

    inner join decisions as last_decisions
        on first_decisions.claim_key = last_decisions.claim_key
        and first_decisions.part = last_decisions.part
        and last_decisions.is_last_decision
        and last_decisions.payer_decision_number > 1

    where first_decisions.is_denied

),

-- how often a claim was sent before a payer had decided anything: what is sent after a denial does
-- not make the first bill unclean
sent as (

    select
        claims.claim_key,
        count(*) as submission_count

    from claims

    inner join {{ ref('int_claim__submissions') }} as submissions
        on claims.claim_key = submissions.claim_key

    where
        claims.first_remit_date is null
        or submissions.recorded_date < claims.first_remit_date

    group by claims.claim_key

),

billed as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_submitted_date,
        claims.first_ack_status,
        coalesce(sent.submission_count, 0) as submission_count

    from claims

    left join sent
        on claims.claim_key = sent.claim_key

    where claims.first_submitted_date is not null and claims.first_ack_status is not null

),

-- of lines with a contract; a claim without any is paid as it should be when it is not denied
first_allowed as (

    select
        claim_key,
        sum(allowed_amount) as allowed_amount,
        sum(expected_amount) as expected_amount

    from {{ ref('int_contract__variances') }}

    group by claim_key

),

passing as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_submitted_date,
        coalesce(claims.first_ack_status, 'accepted') <> 'rejected'
        and claims.first_remit_date is not null
        and not claims.is_denied_on_first_remit
        and coalesce(
            first_allowed.allowed_amount * 100
            >= first_allowed.expected_amount * {{ kpi_parameter('first_pass_paid_percent') }},
            true
        ) as is_passed

    from claims

    left join first_allowed
        on claims.claim_key = first_allowed.claim_key

    where claims.first_submitted_date is not null

),

denial_write_offs as (

    select
        entries.claim_key,
        sum(-entries.ar_amount) as write_off_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('ledger_event_types') }} as event_types
        on entries.event_type = event_types.event_type

    where event_types.write_off_class = 'denial'

    group by entries.claim_key

),

judged as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_remit_date,
        claims.charge_amount,
        claims.is_ever_denied and coalesce(denial_write_offs.write_off_amount, 0) > 0
            as is_finally_denied

    from claims

    left join denial_write_offs
        on claims.claim_key = denial_write_offs.claim_key

    where claims.first_remit_date is not null

),

final as (

    {{ kpi_rows(
        'clean_claim_rate', 'billed', 'first_submitted_date',
        numerator=one_if("first_ack_status = 'accepted' and submission_count <= 1")
    ) }}

    union all

    {{ kpi_rows(
        'front_end_rejection_rate', 'billed', 'first_submitted_date',
        numerator=one_if("first_ack_status = 'rejected'")
    ) }}

    union all

    {{ kpi_rows(
        'first_pass_yield', 'passing', 'first_submitted_date',
        numerator=one_if('is_passed'),
        where=is_mature('first_submitted_date', 'first_pass_maturity_days')
    ) }}

    union all

    {{ kpi_rows(
        'denial_rate_claims', 'remitted', 'remit_month', numerator='denied_flag'
    ) }}

    union all

    {{ kpi_rows(
        'denial_rate_dollars', 'remitted', 'remit_month',
        numerator='denied_amount', denominator='charge_amount'
    ) }}

    union all

    {{ kpi_rows(
        'initial_denial_rate', 'claims', 'first_remit_date',
        numerator=one_if('is_denied_on_first_remit'), where='first_remit_date is not null'
    ) }}

    union all

    {{ kpi_rows(
        'initial_denial_rate_dollars', 'first_decisions', 'recorded_date',
        numerator='least(denied_amount, charge_amount)', denominator='charge_amount'
    ) }}

    union all

    {{ kpi_rows(
        'final_denial_rate', 'judged', 'first_remit_date',
        numerator=one_if('is_finally_denied'),
        where=is_mature('first_remit_date', 'denial_maturity_days')
    ) }}

    union all

    {{ kpi_rows(
        'overturn_rate', 'contested', 'recorded_date',
        numerator='overturned_amount', denominator='denied_amount'
    ) }}

)

select * from final
