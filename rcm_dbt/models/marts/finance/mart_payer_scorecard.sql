-- How each payer treats our claims, for those who may not see single patients: claims first sent in
-- the last twelve months that have had time to be answered. Payers with too few people stand
-- merged. Rates stand without their counts, and only where enough people are on both sides of them,
-- since other tables tell of some of the same claims.
with

underpaid as (

    select
        claim_key,
        sum(underpaid_amount) as underpaid_amount

    from {{ ref('int_contract__variances') }}

    where is_underpaid

    group by claim_key

),

claims as (

    select
        claims.*,
        {{ month_start('claims.first_submitted_date') }} as submitted_month,
        members.person_key,
        underpaid.underpaid_amount,
        {{ days_between('claims.first_submitted_date', 'claims.first_payer_payment_date') }}
            as first_payment_days

    from {{ ref('int_claim__enriched') }} as claims

    left join {{ ref('int_person__members') }} as members
        on claims.patient_key = members.patient_key

    left join underpaid
        on claims.claim_key = underpaid.claim_key

    where
        claims.first_submitted_date is not null
        and {{ is_mature('claims.first_submitted_date', 'first_pass_maturity_days') }}

),

last_months as (

    select max(submitted_month) as last_month from claims

),

answered as (

    select
        claims.*,
        last_months.last_month,
        'all payers' as subject_key,
        coalesce(claims.payer_key, 'none') as part_key,
        'all' as counted_as

    from claims

    cross join last_months

    where
        {{ dbt.datediff('claims.submitted_month', 'last_months.last_month', 'month') }}  -- noqa: LT05
        < 12

),

{{ merged_cells('payers', 'answered', 'subject_key', 'part_key') }},

placed as (

    select
        answered.*,
        payers.is_merged as is_other,
        case when not payers.is_merged then answered.payer_key end as shown_payer_key,
        answered.first_remit_date is not null and answered.is_denied_on_first_remit as is_denied,
        answered.first_remit_date is not null and not answered.is_denied_on_first_remit
            as is_passed

    from answered

    inner join payers
        on answered.part_key = payers.cell_key

    where payers.has_enough

),

summed as (

    select
        is_other,
        shown_payer_key,
        last_month,
        min(submitted_month) as first_month,
        count(distinct person_key) as people_count,
        sum(charge_amount) as charge_amount,
        sum(contractual_amount) as contractual_amount,
        sum(payer_paid_amount) as payer_paid_amount,
        sum(patient_paid_amount) as patient_paid_amount,
        sum(write_off_amount) as write_off_amount,
        sum(open_amount) as open_amount,
        sum(coalesce(underpaid_amount, 0)) as underpaid_amount,
        sum(case when is_denied then 1.0 else 0.0 end) as denied_count,
        sum(case when is_denied or is_passed then 1 else 0 end) as decided_count,
        sum(first_payment_days) as first_payment_days,
        count(first_payment_days) as paid_count,
        count(distinct case when underpaid_amount is not null then person_key end)
            as underpaid_people,
        count(underpaid_amount) as underpaid_count,
        count(distinct case when is_denied then person_key end) as denied_people,
        count(distinct case when is_passed then person_key end) as passed_people,
        count(distinct case when first_payment_days is not null then person_key end)
            as paid_people

    from placed

    group by
        is_other,
        shown_payer_key,
        last_month

),

final as (

    select
        {{ surrogate_key(['is_other', 'shown_payer_key']) }} as scorecard_key,
        is_other,
        shown_payer_key as payer_key,
        first_month,
        last_month,
        cast(people_count as {{ dbt.type_bigint() }}) as people_count,
        {{ money('charge_amount') }} as charge_amount,
        {{ money('contractual_amount') }} as contractual_amount,
        {{ money('payer_paid_amount') }} as payer_paid_amount,
        {{ money('patient_paid_amount') }} as patient_paid_amount,
        {{ money('write_off_amount') }} as write_off_amount,
        {{ money('open_amount') }} as open_amount,
        case
            when underpaid_count = 0 or underpaid_people >= {{ smallest_cell() }}
                then {{ money('underpaid_amount') }}
        end as underpaid_amount,
        case
            when
                (denied_count = 0 or denied_people >= {{ smallest_cell() }})
                and (denied_count = decided_count or passed_people >= {{ smallest_cell() }})
                then cast(round(denied_count / nullif(decided_count, 0), 3) as decimal(9, 3))
        end as initial_denial_rate,
        case
            when paid_people >= {{ smallest_cell() }}
                then cast(round(1.0 * first_payment_days / paid_count, 1) as decimal(9, 1))
        end as days_to_first_payment

    from summed

)

select * from final
