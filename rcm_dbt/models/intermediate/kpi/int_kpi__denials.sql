-- KPIs of the front end of the payer and of its decisions, claim by claim.
{{ config(materialized='view') }}
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

-- another payer's answer to the same claim takes nothing back of what the first one decided
decisions as (

    select
        remits.claim_key,
        headers.facility_key,
        headers.payer_key,
        remits.decision_number,
        remits.recorded_date,
        remits.is_denied,
        remits.charge_amount,
        remits.denied_amount,
        row_number() over (
            partition by remits.claim_key
            order by remits.decision_number
        ) as own_number,
        row_number() over (
            partition by remits.claim_key
            order by remits.decision_number desc
        ) as last_rank

    from {{ ref('int_claim__remits') }} as remits

    inner join {{ ref('int_claim__headers') }} as headers
        on remits.claim_key = headers.claim_key

    where remits.is_decision and remits.claim_status_code not in ('2', '3', '20', '21')

),

remitted as (

    select
        claim_key,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }} as remit_month,
        max(case when is_denied then 1 else 0 end) as denied_flag,
        sum(charge_amount) as charge_amount,
        sum(denied_amount) as denied_amount

    from decisions

    group by
        claim_key,
        facility_key,
        payer_key,
        {{ month_start('recorded_date') }}

),

first_decisions as (

    select * from decisions

    where own_number = 1

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
        and last_decisions.last_rank = 1
        and last_decisions.own_number > 1

    where first_decisions.is_denied

),

denial_write_offs as (

    select
        claim_key,
        sum(-ar_amount) as write_off_amount

    from {{ ref('int_ledger__entries') }}

    where event_type in ('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF')

    group by claim_key

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
        'clean_claim_rate', 'claims', 'first_submitted_date',
        numerator=one_if("first_ack_status = 'accepted' and submission_count = 1"),
        where='first_submitted_date is not null and first_ack_status is not null'
    ) }}

    union all

    {{ kpi_rows(
        'front_end_rejection_rate', 'claims', 'first_submitted_date',
        numerator=one_if("first_ack_status = 'rejected'"),
        where='first_submitted_date is not null and first_ack_status is not null'
    ) }}

    union all

    {{ kpi_rows(
        'first_pass_yield', 'claims', 'first_submitted_date',
        numerator=one_if(
            "coalesce(first_ack_status, 'accepted') <> 'rejected'"
            ~ ' and first_remit_date is not null and not is_denied_on_first_remit'
        ),
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
        numerator='denied_amount', denominator='charge_amount'
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
