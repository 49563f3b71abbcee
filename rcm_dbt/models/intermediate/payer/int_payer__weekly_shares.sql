-- Of each payer and week the claims of which something became known, and of how many it was bad:
-- the first decision denied something; no decision had come when a payer's days were over; a
-- decided claim was paid less than its contract says. Each counts in the week in which it could
-- be known.
with

claims as (

    select * from {{ ref('int_claim__enriched') }}

    where payer_key is not null

),

payers as (

    select * from {{ ref('int_payer__current') }}

    where payer_class <> 'Self-pay'

),

answers as (

    select
        claim_key,
        payer_key,
        first_remit_date,
        is_denied_on_first_remit,
        cast(
            {{ dbt.dateadd('day', setting('drift_slow_days'), 'first_submitted_date') }} as date
        ) as answer_due_date

    from claims

),

variances as (

    select
        claim_key,
        payer_key,
        min(recorded_date) as recorded_date,
        max(case when is_underpaid then 1 else 0 end) as underpaid_flag

    from {{ ref('int_contract__variances') }}

    where expected_amount is not null and not is_denied and payer_key is not null

    group by
        claim_key,
        payer_key

),

events as (

    select
        payer_key,
        'denied' as measure,
        first_remit_date as known_date,
        case when is_denied_on_first_remit then 1 else 0 end as bad_flag

    from answers

    where first_remit_date is not null

    union all

    select
        payer_key,
        'slow' as measure,
        answer_due_date as known_date,
        case
            when first_remit_date is null or first_remit_date > answer_due_date then 1
            else 0
        end as bad_flag

    from answers

    where answer_due_date <= {{ as_of_date() }}

    union all

    select
        payer_key,
        'underpaid' as measure,
        recorded_date as known_date,
        underpaid_flag as bad_flag

    from variances

),

final as (

    select
        events.payer_key,
        events.measure,
        {{ week_start('events.known_date') }} as known_week,
        cast(count(*) as {{ dbt.type_bigint() }}) as claim_count,
        cast(sum(events.bad_flag) as {{ dbt.type_bigint() }}) as bad_count

    from events

    inner join payers
        on events.payer_key = payers.payer_key

    group by
        events.payer_key,
        events.measure,
        {{ week_start('events.known_date') }}

)

select * from final
