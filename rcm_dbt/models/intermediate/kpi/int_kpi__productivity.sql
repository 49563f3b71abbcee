-- KPIs of work against money, for the facilities that record work RVUs.
{{ config(materialized='view') }}
with

work as (

    select
        facility_key,
        encounter_date as activity_date,
        sum(work_rvu) as work_rvu

    from {{ ref('int_encounter__enriched') }}

    where work_rvu is not null

    group by
        facility_key,
        encounter_date

),

cash as (

    select
        facility_key,
        event_date as activity_date,
        sum(cash_amount) as cash_amount

    from {{ ref('int_ledger__entries') }}

    where cash_amount <> 0 and facility_key in (select work.facility_key from work)

    group by
        facility_key,
        event_date

),

costs as (

    select
        facility_key,
        cost_month as activity_date,
        cost_amount

    from {{ ref('int_facility__costs') }}

),

costed_months as (

    select distinct
        facility_key,
        activity_date

    from costs

),

-- work of a month without its cost would look cheap
costed_work as (

    select
        work.facility_key,
        work.activity_date,
        work.work_rvu

    from work

    inner join costed_months
        on work.facility_key = costed_months.facility_key
        and {{ month_start('work.activity_date') }} = costed_months.activity_date

),

final as (

    {{ kpi_rows(
        'collections_per_wrvu', 'cash', 'activity_date',
        claim_key=null_key(), payer_key=null_key(), numerator='cash_amount', denominator='0'
    ) }}

    union all

    {{ kpi_rows(
        'collections_per_wrvu', 'work', 'activity_date',
        claim_key=null_key(), payer_key=null_key(), denominator='work_rvu'
    ) }}

    union all

    {{ kpi_rows(
        'cost_per_wrvu', 'costs', 'activity_date', known_date='null',
        claim_key=null_key(), payer_key=null_key(), numerator='cost_amount', denominator='0'
    ) }}

    union all

    {{ kpi_rows(
        'cost_per_wrvu', 'costed_work', 'activity_date',
        claim_key=null_key(), payer_key=null_key(), denominator='work_rvu'
    ) }}

)

select * from final
