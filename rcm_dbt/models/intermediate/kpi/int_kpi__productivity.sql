-- KPIs of work against the money of professional services, where facilities record work RVUs.
{{ config(materialized='view') }}
with

work as (

    select
        encounter_key,
        facility_key,
        encounter_date as activity_date,
        work_rvu

    from {{ ref('int_encounter__enriched') }}

    where work_rvu is not null

),

-- work brings in what its own claims do; the facility's claims are paid for other things
cash as (

    select
        entries.claim_key,
        entries.ledger_entry_key,
        entries.facility_key,
        entries.event_date as activity_date,
        entries.cash_amount

    from {{ ref('int_ledger__entries') }} as entries

    inner join {{ ref('int_claim__service_types') }} as service_types
        on entries.claim_key = service_types.claim_key
        and service_types.service_type = 'professional'

    where
        entries.cash_amount <> 0
        and entries.facility_key in (select work.facility_key from work)

),

costs as (

    select
        cost_key,
        facility_key,
        cost_month as activity_date,
        cost_amount

    from {{ ref('int_facility__costs') }}

    where service_type = 'professional'

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
        work.encounter_key,
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
        payer_key=null_key(), numerator='cash_amount', denominator='0',
        cause="'cash'", record_type='entry', record_key='ledger_entry_key'
    ) }}

    union all

    {{ kpi_rows(
        'collections_per_wrvu', 'work', 'activity_date',
        claim_key=null_key(), payer_key=null_key(), denominator='work_rvu',
        cause="'work'", record_type='visit', record_key='encounter_key'
    ) }}

    union all

    {{ kpi_rows(
        'cost_per_wrvu', 'costs', 'activity_date', known_date='null',
        claim_key=null_key(), payer_key=null_key(), numerator='cost_amount', denominator='0',
        cause="'cost'", record_type='cost', record_key='cost_key'
    ) }}

    union all

    {{ kpi_rows(
        'cost_per_wrvu', 'costed_work', 'activity_date',
        claim_key=null_key(), payer_key=null_key(), denominator='work_rvu',
        cause="'work'", record_type='visit', record_key='encounter_key'
    ) }}

)

select * from final
