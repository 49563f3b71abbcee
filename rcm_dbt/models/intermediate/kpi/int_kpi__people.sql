-- Who is behind each headline KPI: the persons of the claims that add to it. Where it is not made
-- of claims (visits, days of revenue, work), those who were treated there in the month, for that
-- payer if the KPI is divided by payers. Of a share, those in its numerator are also counted apart,
-- and those of the rest: each of these numbers can be read from it.
with

headlines as (

    select
        kpi,
        -- a claim is paid in part: of what is collected neither side can be counted
        unit = 'ratio' and family <> 'collections' as is_share

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
        contributions.kpi,
        headlines.is_share,
        contributions.period_month,
        contributions.facility_key,
        contributions.payer_key,
        contributions.claim_key,
        case when sum(contributions.numerator) <> 0 then 'numerator' else 'rest' end as side

    from {{ ref('int_kpi__contributions') }} as contributions

    inner join headlines
        on contributions.kpi = headlines.kpi

    group by
        contributions.kpi,
        headlines.is_share,
        contributions.period_month,
        contributions.facility_key,
        contributions.payer_key,
        contributions.claim_key

),

counts as (

    select
        *,
        'all' as counted_as

    from parts

    union all

    select
        *,
        side as counted_as

    from parts

    where is_share and claim_key is not null

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

    {{ union_distinct() }}

    select
        facility_key,
        'all' as payer_key,
        service_month,
        person_key

    from claims

),

people as (

    select
        counts.kpi,
        counts.period_month,
        counts.facility_key,
        counts.payer_key,
        counts.counted_as,
        claims.person_key

    from counts

    left join claims
        on counts.claim_key = claims.claim_key

    where counts.claim_key is not null

    {{ union_distinct() }}

    select
        counts.kpi,
        counts.period_month,
        counts.facility_key,
        counts.payer_key,
        counts.counted_as,
        treated.person_key

    from counts

    left join treated
        on counts.facility_key = treated.facility_key
        and counts.period_month = treated.service_month
        and coalesce(counts.payer_key, 'all') = treated.payer_key

    where counts.claim_key is null

),

final as (

    select * from people

)

select * from final
