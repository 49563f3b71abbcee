-- The claims that stand in the queue, on each day on which it is judged: every open claim on the
-- as-of date; at past month ends those that a payer had denied and that were open. What a row says
-- is what could be known on its day.
{{ config(meta={'claims_from': [
    'int_claim__enriched',
    'int_denial__outcomes',
    'int_receivable__month_end',
    'int_ledger__entries',
    'int_valuation__month_end',
]}) }}
with

days as (

    select * from {{ ref('int_date__report_days') }}

),

claims as (

    select * from {{ ref('int_claim__enriched') }}

),

outcomes as (

    select * from {{ ref('int_denial__outcomes') }}

),

payers as (

    select * from {{ ref('int_payer__current') }}

),

month_ends as (

    select
        outcomes.claim_key,
        balances.balance_date as report_date,
        balances.balance_amount as open_amount,
        balances.age_days

    from {{ ref('int_receivable__month_end') }} as balances

    inner join outcomes
        on balances.claim_key = outcomes.claim_key
        and balances.balance_date >= outcomes.denied_date

    inner join days
        on balances.balance_month = days.report_month
        and not days.is_current

    where
        balances.balance_amount > 0
        and not (
            outcomes.decision = 'overturned'
            and outcomes.decided_date <= balances.balance_date
        )

),

entry_counts as (

    select
        month_ends.claim_key,
        month_ends.report_date,
        count(*) as transaction_count

    from month_ends

    inner join {{ ref('int_ledger__entries') }} as entries
        on month_ends.claim_key = entries.claim_key
        and month_ends.report_date >= entries.recorded_date

    group by
        month_ends.claim_key,
        month_ends.report_date

),

places as (

    select
        claim_key,
        {{ as_of_date() }} as report_date,
        true as is_current,
        open_amount,
        transaction_count,
        age_days,
        claim_status

    from claims

    where open_amount > 0

    union all

    select
        month_ends.claim_key,
        month_ends.report_date,
        false as is_current,
        month_ends.open_amount,
        entry_counts.transaction_count,
        month_ends.age_days,
        'denied' as claim_status

    from month_ends

    inner join entry_counts
        on month_ends.claim_key = entry_counts.claim_key
        and month_ends.report_date = entry_counts.report_date

),

net_balances as (

    select * from {{ ref('int_valuation__month_end') }}

),

final as (

    select
        places.claim_key,
        places.report_date,
        places.is_current,
        claims.source_system,
        claims.facility_key,
        claims.provider_key,
        claims.payer_key,
        coalesce(payers.payer_class, 'Not on the payer list') as payer_class,
        claims.service_date,
        {{ money('places.open_amount') }} as open_amount,
        {{ money('coalesce(net_balances.net_balance_amount, 0)') }} as net_balance_amount,
        {{ bill_size(patient_bill(
            'payers.payer_class', 'claims.charge_amount', 'claims.patient_responsibility_amount'
        )) }} as bill_size,
        {{ bill_age('places.age_days') }} as bill_age,
        places.transaction_count,
        places.age_days,
        places.claim_status,
        coalesce(
            outcomes.claim_key is not null
            and not (
                outcomes.decision = 'overturned'
                and outcomes.decided_date <= places.report_date
            ),
            false
        ) as is_denied,
        outcomes.denied_date,
        outcomes.denied_amount,
        outcomes.denial_category,
        outcomes.group_code,
        case
            when places.is_current
                then greatest(
                        coalesce(
                            claims.last_ack_date,
                            claims.last_remit_date,
                            claims.first_submitted_date
                        ),
                        coalesce(
                            claims.last_remit_date,
                            claims.last_ack_date,
                            claims.first_submitted_date
                        )
                    )
        end as last_word_date,
        coalesce(outcomes.action_date <= places.report_date, false) as is_worked,
        case
            when outcomes.action_date <= places.report_date then outcomes.action_date
        end as worked_date,
        coalesce(outcomes.decided_date <= places.report_date, false) as is_decided

    from places

    inner join claims
        on places.claim_key = claims.claim_key

    left join payers
        on claims.payer_key = payers.payer_key

    left join outcomes
        on places.claim_key = outcomes.claim_key

    left join net_balances
        on places.claim_key = net_balances.claim_key
        and places.report_date = net_balances.balance_date

)

select * from final
