-- How payers decide, by class of payer: how often they paid what they decided, how often a claim
-- that was silent stayed without any answer, and what the valuation expects of a dollar charged.
-- Few claims decide nothing: a class leans on all payers. What only a patient pays no payer denies.
with

expected as (

    select
        claim_key,
        sum(expected_net_amount) as net_amount,
        sum(charge_amount) as line_amount

    from {{ ref('int_valuation__expected') }}

    group by claim_key

),

claims as (

    select
        enriched.*,
        expected.net_amount,
        expected.line_amount,
        coalesce(payers.payer_class, 'Not on the payer list') as payer_class

    from {{ ref('int_claim__enriched') }} as enriched

    left join {{ ref('int_payer__current') }} as payers
        on enriched.payer_key = payers.payer_key

    left join expected
        on enriched.claim_key = expected.claim_key

),

marked as (

    select
        *,
        -- long enough ago for its fate to be known
        first_submitted_date is not null
        and coalesce(last_ack_status, 'none') <> 'rejected'
        and {{ days_between('first_submitted_date', as_of_date()) }}
        >= {{ setting('answer_known_days') }}
        and {{ days_between(
            'first_submitted_date', 'coalesce(first_remit_date, ' ~ as_of_date() ~ ')'
        ) }} > {{ setting('silent_days') }} as is_silent_and_old

    from claims

),

counted as (

    select
        payer_class,
        -- a payment without a remittance is a decision too
        {{ sum_where('1', 'first_remit_date is not null or payer_paid_amount > 0') }}
            as decided_count,
        {{ sum_where('1', 'payer_paid_amount > 0') }} as paid_count,
        sum(coalesce(net_amount, 0)) as net_amount,
        sum(coalesce(line_amount, 0)) as line_amount,
        {{ sum_where('1', 'is_silent_and_old') }} as silent_count,
        {{ sum_where(
            '1', 'is_silent_and_old and first_remit_date is null and payer_paid_amount <= 0'
        ) }} as unanswered_count

    from marked

    group by payer_class

),

-- before the first outcome one in two is as good a guess as any
pooled as (

    select
        *,
        {{ quotient('sum(paid_count) over () + 1', 'sum(decided_count) over () + 2') }}
            as all_paid_odds,
        coalesce(
            {{ quotient('sum(net_amount) over ()', 'nullif(sum(line_amount) over (), 0)') }},
            cast(0 as {{ dbt.type_float() }})
        ) as all_net_share,
        {{ quotient('sum(unanswered_count) over () + 1', 'sum(silent_count) over () + 2') }}
            as all_unanswered_odds,
        cast({{ setting('odds_prior_claims') }} as {{ dbt.type_float() }}) as prior_claims

    from counted

),

final as (

    select
        payer_class,
        cast(decided_count as {{ dbt.type_bigint() }}) as decided_count,
        cast(paid_count as {{ dbt.type_bigint() }}) as paid_count,
        cast(silent_count as {{ dbt.type_bigint() }}) as silent_count,
        cast(unanswered_count as {{ dbt.type_bigint() }}) as unanswered_count,
        case
            when payer_class = 'Self-pay' then cast(1 as decimal(9, 4))
            else
                {{ to_places(
                    '(paid_count + prior_claims * all_paid_odds) / (decided_count + prior_claims)',
                    4
                ) }}
        end as paid_odds,
        {{ to_places(
            'coalesce(' ~ quotient('net_amount', 'nullif(line_amount, 0)') ~ ', all_net_share)', 4
        ) }} as net_share,
        {{ to_places(
            '(unanswered_count + prior_claims * all_unanswered_odds)'
            ~ ' / (silent_count + prior_claims)',
            4
        ) }} as unanswered_odds

    from pooled

)

select * from final
