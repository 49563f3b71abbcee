-- How long each step from the visit to the bill takes: visits signed and coded, charges posted,
-- claims sent, in the month in which the step was done. Days are summed with their sign.
with

steps as (

    select * from {{ ref('billing_steps') }}

),

statuses as (

    select
        encounters.facility_key,
        encounters.department_key,
        statuses.discharge_date,
        statuses.signed_date,
        statuses.coded_date

    from {{ ref('int_encounter__status') }} as statuses

    inner join {{ ref('int_encounter__current') }} as encounters
        on statuses.encounter_key = encounters.encounter_key

),

charges as (

    select
        claims.facility_key,
        encounters.department_key,
        charges.claim_key,
        charges.last_service_date,
        charges.posted_date,
        charges.amount,
        claims.first_submitted_date

    from {{ ref('int_claim__posted_charges') }} as charges

    inner join {{ ref('int_claim__enriched') }} as claims
        on charges.claim_key = claims.claim_key

    left join {{ ref('int_encounter__current') }} as encounters
        on claims.encounter_key = encounters.encounter_key

    where charges.is_charge

),

claims as (

    select
        claim_key,
        facility_key,
        department_key,
        first_submitted_date,
        min(posted_date) as first_posted_date,
        sum(amount) as charge_amount

    from charges

    group by
        claim_key,
        facility_key,
        department_key,
        first_submitted_date

),

done as (

    select
        'documentation' as step,
        facility_key,
        department_key,
        discharge_date as from_date,
        signed_date as to_date,
        {{ money(0) }} as charge_amount

    from statuses

    union all

    select
        'coding' as step,
        facility_key,
        department_key,
        signed_date as from_date,
        coded_date as to_date,
        {{ money(0) }} as charge_amount

    from statuses

    union all

    select
        'charge posting' as step,
        facility_key,
        department_key,
        last_service_date as from_date,
        posted_date as to_date,
        amount as charge_amount

    from charges

    union all

    select
        'submission' as step,
        facility_key,
        department_key,
        first_posted_date as from_date,
        first_submitted_date as to_date,
        charge_amount

    from claims

),

measured as (

    select
        done.*,
        {{ month_start('done.to_date') }} as done_month,
        {{ days_between('done.from_date', 'done.to_date') }} as lag_days  -- noqa: LT05

    from done

    where done.from_date is not null and done.to_date is not null

),

final as (

    select
        {{ surrogate_key([
            'measured.step', 'measured.done_month', 'measured.facility_key',
            'measured.department_key',
        ]) }} as billing_lag_key,
        measured.done_month,
        measured.facility_key,
        measured.department_key,
        measured.step,
        steps.step_number,
        steps.limit_days,
        count(*) as done_count,
        cast(sum(measured.lag_days) as {{ dbt.type_bigint() }}) as lag_days,
        cast(
            {{ sum_where('1', 'measured.lag_days > steps.limit_days') }} as {{ dbt.type_bigint() }}
        ) as late_count,
        {{ money('sum(measured.charge_amount)') }} as charge_amount,
        {{ money(sum_where('measured.charge_amount', 'measured.lag_days > steps.limit_days')) }}
            as late_charge_amount

    from measured

    inner join steps
        on measured.step = steps.step

    group by
        measured.done_month,
        measured.facility_key,
        measured.department_key,
        measured.step,
        steps.step_number,
        steps.limit_days

)

select * from final
