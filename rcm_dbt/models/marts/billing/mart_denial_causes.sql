-- The top denial categories of each month and facility, with where each arises and who can stop it.
with

trends as (

    select * from {{ ref('mart_denial_trends') }}

),

categories as (

    select * from {{ ref('denial_categories') }}

),

summed as (

    select
        denied_month,
        facility_key,
        denial_category,
        cast(sum(denied_claim_count) as {{ dbt.type_bigint() }}) as denied_claim_count,
        {{ money('sum(denied_amount)') }} as denied_amount,
        {{ money('sum(overturned_amount)') }} as overturned_amount,
        {{ money('sum(recovered_amount)') }} as recovered_amount,
        {{ money('sum(contractual_amount)') }} as contractual_amount,
        {{ money('sum(written_off_amount)') }} as written_off_amount,
        {{ money('sum(withdrawn_amount)') }} as withdrawn_amount,
        {{ money('sum(patient_amount)') }} as patient_amount,
        {{ money('sum(open_amount)') }} as open_amount

    from trends

    group by
        denied_month,
        facility_key,
        denial_category

),

final as (

    select
        summed.denied_month,
        summed.facility_key,
        summed.denial_category,
        cast(row_number() over (
            partition by summed.denied_month, summed.facility_key
            order by summed.denied_amount desc, summed.denial_category asc
        ) as {{ dbt.type_bigint() }}) as category_rank,
        categories.label as category_label,
        categories.root_cause_step,
        categories.responsible_department,
        categories.is_avoidable,
        summed.denied_claim_count,
        summed.denied_amount,
        summed.overturned_amount,
        summed.recovered_amount,
        summed.contractual_amount,
        summed.written_off_amount,
        summed.withdrawn_amount,
        summed.patient_amount,
        summed.open_amount

    from summed

    left join categories
        on summed.denial_category = categories.category

)

select * from final
