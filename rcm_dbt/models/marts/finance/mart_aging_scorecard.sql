-- Open balances at each month end by age, for those who may not see single patients: cut along the
-- lines of the headline A/R over 90 days (facility and payer, or what is merged), so that neither
-- is the difference of the other. What is not yet as old is divided as far as enough people stand
-- in each part.
with

people as (

    select
        kpi as subject_key,
        {{ surrogate_key(['kpi', 'period_month']) }} as month_key,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as part_key,
        counted_as,
        person_key

    from {{ ref('int_kpi__people') }}

    where kpi = 'ar_over_90_rate'

),

{{ small_cells('people') }},

members as (

    select
        claims.claim_key,
        members.person_key

    from {{ ref('int_claim__enriched') }} as claims

    left join {{ ref('int_person__members') }} as members
        on claims.patient_key = members.patient_key

),

balances as (

    select
        balances.balance_month,
        balances.facility_key,
        balances.payer_key,
        balances.balance_amount,
        {{ surrogate_key(["'ar_over_90_rate'", 'balances.balance_month']) }} as month_key,
        {{ surrogate_key(['balances.facility_key', 'balances.payer_key']) }} as part_key,
        {{ age_bucket('balances.discharge_age_days') }} as age_bucket,
        members.person_key

    from {{ ref('int_receivable__month_end') }} as balances

    left join members
        on balances.claim_key = members.claim_key

    where balances.balance_amount > 0

),

-- balances that are summed over months count once for each of them
placed as (

    select
        balances.age_bucket,
        balances.balance_amount,
        balances.person_key,
        places.is_other,
        case when not places.is_other_month then balances.balance_month end as balance_month,
        case when not places.is_other then balances.facility_key end as facility_key,
        case when not places.is_other then balances.payer_key end as payer_key,
        'all' as counted_as,
        {{ surrogate_key([
            'case when not places.is_other_month then balances.balance_month end',
            'places.is_other',
            'case when not places.is_other then balances.facility_key end',
            'case when not places.is_other then balances.payer_key end',
        ]) }} as cell_key

    from balances

    inner join places
        on balances.month_key = places.month_key
        and balances.part_key = places.part_key

    where places.has_enough

),

younger as (

    select * from placed

    where age_bucket <> '90+'

),

{{ merged_cells('buckets', 'younger', 'cell_key', 'age_bucket') }},

shown as (

    select
        placed.*,
        case when buckets.is_merged then '0-90' else placed.age_bucket end as shown_bucket

    from placed

    left join buckets
        on placed.cell_key = buckets.group_key
        and placed.age_bucket = buckets.cell_key

),

final as (

    select
        {{ surrogate_key(['cell_key', 'shown_bucket']) }} as scorecard_key,
        balance_month,
        is_other,
        facility_key,
        payer_key,
        shown_bucket as age_bucket,
        cast(count(distinct person_key) as {{ dbt.type_bigint() }}) as people_count,
        {{ money('sum(balance_amount)') }} as open_amount

    from shown

    group by
        cell_key,
        balance_month,
        is_other,
        facility_key,
        payer_key,
        shown_bucket

)

select * from final
