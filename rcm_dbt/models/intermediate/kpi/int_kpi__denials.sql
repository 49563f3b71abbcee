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
        min(recorded_date) as decided_date,
        max(case when is_denied then 1 else 0 end) as denied_flag,
        max(denial_category) as denial_category,
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
        min(decided_date) as decided_date,
        max(denied_flag) as denied_flag,
        max(denial_category) as denial_category,
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

-- what the first decision of each claim denied most for
first_reasons as (

    select
        claim_key,
        max(denial_category) as denial_category

    from first_decisions

    group by claim_key

),

first_remits as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_remit_date,
        claims.is_denied_on_first_remit,
        case when claims.is_denied_on_first_remit then first_reasons.denial_category end
            as denial_category

    from claims

    left join first_reasons
        on claims.claim_key = first_reasons.claim_key

    where claims.first_remit_date is not null

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
-- not make the first bill unclean, nor does the next interim bill of a stay
sent as (

    select
        claims.claim_key,
        count(*) as submission_count,
        max(submissions.recorded_date) as last_submitted_date

    from claims

    inner join {{ ref('int_claim__submissions') }} as submissions
        on claims.claim_key = submissions.claim_key

    where
        coalesce(submissions.frequency_code, '1') not in ('3', '4')
        and (
            claims.first_remit_date is null
            or submissions.recorded_date < claims.first_remit_date
        )

    group by claims.claim_key

),

billed as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_submitted_date,
        coalesce(claims.first_ack_date, claims.first_submitted_date) as first_ack_date,
        claims.first_ack_status = 'accepted' as is_accepted,
        claims.first_ack_status = 'rejected' as is_rejected,
        coalesce(sent.submission_count, 0) as submission_count,
        sent.last_submitted_date

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

answered as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        claims.first_submitted_date,
        case
            when claims.first_ack_status = 'rejected'
                then coalesce(claims.first_ack_date, claims.first_submitted_date)
            else claims.first_remit_date
        end as answered_date,
        case
            when claims.first_ack_status = 'rejected' then 'rejected'
            when claims.is_denied_on_first_remit then 'denied'
            when
                first_allowed.allowed_amount * 100
                < first_allowed.expected_amount * {{ kpi_parameter('first_pass_paid_percent') }}
                then 'paid short'
        end as failed_by

    from claims

    left join first_allowed
        on claims.claim_key = first_allowed.claim_key

    where
        claims.first_submitted_date is not null
        and {{ is_mature('claims.first_submitted_date', 'first_pass_maturity_days') }}

),

denial_write_offs as (

    select
        entries.claim_key,
        sum(-entries.ar_amount) as write_off_amount,
        max(entries.recorded_date) as written_off_date

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
        denial_write_offs.written_off_date,
        claims.is_ever_denied and coalesce(denial_write_offs.write_off_amount, 0) > 0
            as is_finally_denied

    from claims

    left join denial_write_offs
        on claims.claim_key = denial_write_offs.claim_key

    where claims.first_remit_date is not null

),

final as (

    {{ kpi_rows(
        'clean_claim_rate', 'billed', 'first_submitted_date', known_date='first_ack_date',
        numerator=one_if('is_accepted'), cause="case when not is_accepted then 'rejected' end"
    ) }}

    union all

    -- until it was sent again it was clean
    {{ kpi_rows(
        'clean_claim_rate', 'billed', 'first_submitted_date', known_date='last_submitted_date',
        numerator='-1', denominator='0', cause="'sent again'",
        where='is_accepted and submission_count > 1'
    ) }}

    union all

    {{ kpi_rows(
        'front_end_rejection_rate', 'billed', 'first_submitted_date', known_date='first_ack_date',
        numerator=one_if('is_rejected')
    ) }}

    union all

    -- each is unanswered until its answer comes, which says whether it passed
    {{ kpi_rows('first_pass_yield', 'answered', 'first_submitted_date', cause="'not answered'") }}

    union all

    {{ kpi_rows(
        'first_pass_yield', 'answered', 'first_submitted_date', known_date='answered_date',
        numerator='1', denominator='0', cause="'not answered'", where='answered_date is not null'
    ) }}

    union all

    {{ kpi_rows(
        'first_pass_yield', 'answered', 'first_submitted_date', known_date='answered_date',
        numerator='-1', denominator='0', cause='failed_by',
        where='answered_date is not null and failed_by is not null'
    ) }}

    union all

    {{ kpi_rows(
        'denial_rate_claims', 'remitted', 'remit_month', known_date='decided_date',
        numerator='denied_flag', cause='denial_category'
    ) }}

    union all

    {{ kpi_rows(
        'denial_rate_dollars', 'remitted', 'remit_month', known_date='decided_date',
        numerator='denied_amount', denominator='charge_amount', cause='denial_category'
    ) }}

    union all

    {{ kpi_rows(
        'initial_denial_rate', 'first_remits', 'first_remit_date',
        numerator=one_if('is_denied_on_first_remit'), cause='denial_category'
    ) }}

    union all

    {{ kpi_rows(
        'initial_denial_rate_dollars', 'first_decisions', 'recorded_date',
        numerator='least(denied_amount, charge_amount)', denominator='charge_amount',
        cause='denial_category'
    ) }}

    union all

    {{ kpi_rows(
        'final_denial_rate', 'judged', 'first_remit_date', numerator_date='written_off_date',
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
