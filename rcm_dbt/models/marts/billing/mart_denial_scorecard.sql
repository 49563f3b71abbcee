-- Why payers denied claims at first, by month, for those who may not see single patients: the
-- claims in the headline initial denial rate, by the category of their main reason. Categories and
-- months with too few people stand merged.
with

people as (

    select
        kpi as subject_key,
        {{ surrogate_key(['kpi', 'period_month']) }} as month_key,
        {{ surrogate_key(['facility_key', 'payer_key']) }} as part_key,
        counted_as,
        person_key

    from {{ ref('int_kpi__people') }}

    where kpi = 'initial_denial_rate'

),

{{ merged_cells('months', 'people', 'subject_key', 'month_key') }},

denied as (

    select
        claim_key,
        period_month,
        {{ surrogate_key(['kpi', 'period_month']) }} as month_key

    from {{ ref('int_kpi__contributions') }}

    where kpi = 'initial_denial_rate'

    group by
        kpi,
        claim_key,
        period_month

    having sum(numerator) <> 0

),

outcomes as (

    select * from {{ ref('int_denial__outcomes') }}

),

claims as (

    select
        claims.claim_key,
        members.person_key

    from {{ ref('int_claim__enriched') }} as claims

    left join {{ ref('int_person__members') }} as members
        on claims.patient_key = members.patient_key

),

placed as (

    select
        coalesce(outcomes.denial_category, 'unknown') as denial_category,
        outcomes.denied_amount,
        outcomes.recovered_amount,
        outcomes.written_off_amount,
        claims.person_key,
        'all' as counted_as,
        case when not months.is_merged then denied.period_month end as denied_month,
        {{ surrogate_key(['case when not months.is_merged then denied.period_month end']) }}
            as shown_month_key

    from denied

    inner join months
        on denied.month_key = months.cell_key

    left join outcomes
        on denied.claim_key = outcomes.claim_key

    left join claims
        on denied.claim_key = claims.claim_key

    where months.has_enough

),

{{ merged_cells('causes', 'placed', 'shown_month_key', 'denial_category') }},

shown as (

    select
        placed.*,
        causes.is_merged as is_other,
        case when not causes.is_merged then placed.denial_category end as shown_category

    from placed

    inner join causes
        on placed.shown_month_key = causes.group_key
        and placed.denial_category = causes.cell_key

),

summed as (

    select
        shown_month_key,
        denied_month,
        is_other,
        shown_category,
        count(distinct person_key) as people_count,
        count(*) as denied_claim_count,
        sum(denied_amount) as denied_amount,
        sum(recovered_amount) as recovered_amount,
        sum(written_off_amount) as written_off_amount

    from shown

    group by
        shown_month_key,
        denied_month,
        is_other,
        shown_category

),

categories as (

    select * from {{ ref('denial_categories') }}

),

final as (

    select
        {{ surrogate_key(['summed.shown_month_key', 'summed.shown_category']) }} as scorecard_key,
        summed.denied_month,
        summed.is_other,
        summed.shown_category as denial_category,
        coalesce(categories.label, case when summed.is_other then 'Other categories' end)
            as category_label,
        categories.root_cause_step,
        categories.responsible_department,
        categories.is_avoidable,
        cast(summed.people_count as {{ dbt.type_bigint() }}) as people_count,
        cast(summed.denied_claim_count as {{ dbt.type_bigint() }}) as denied_claim_count,
        {{ money('summed.denied_amount') }} as denied_amount,
        {{ money('summed.recovered_amount') }} as recovered_amount,
        {{ money('summed.written_off_amount') }} as written_off_amount

    from summed

    left join categories
        on summed.shown_category = categories.category

)

select * from final
