-- Who is behind each headline KPI: the persons of the claims that add to it. Where it is not made
-- of claims (visits, days of revenue, work), those who were treated there in the month, for that
-- payer if the KPI is divided by payers.
with

headlines as (

    select kpi

    from {{ ref('kpi_registry') }}

    where is_headline

),

claims as (

    select
        claims.claim_key,
        claims.facility_key,
        claims.payer_key,
        {{ month_start('claims.service_date') }} as service_month,
        members.person_key

    from {{ ref('int_claim__enriched') }} as claims

    inner join {{ ref('int_person__members') }} as members
        on claims.patient_key = members.patient_key

),

parts as (

    select
        kpi,
        period_month,
        facility_key,
        payer_key,
        claim_key

    from {{ ref('int_kpi__contributions') }}

    where kpi in (select headlines.kpi from headlines)

    group by
        kpi,
        period_month,
        facility_key,
        payer_key,
        claim_key

),

-- of each payer, and of all of them together
treated as (

    select
        facility_key,
        payer_key,
        service_month,
        person_key

    from claims

    where payer_key is not null

    union

    select
        facility_key,
        'all' as payer_key,
        service_month,
        person_key

    from claims

),

people as (

    select
        parts.kpi,
        parts.period_month,
        parts.facility_key,
        parts.payer_key,
        claims.person_key

    from parts

    left join claims
        on parts.claim_key = claims.claim_key

    where parts.claim_key is not null

    union

    select
        parts.kpi,
        parts.period_month,
        parts.facility_key,
        parts.payer_key,
        treated.person_key

    from parts

    left join treated
        on parts.facility_key = treated.facility_key
        and parts.period_month = treated.service_month
        and coalesce(parts.payer_key, 'all') = treated.payer_key

    where parts.claim_key is null

),

final as (

    select * from people

)

select * from final
