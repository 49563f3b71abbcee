-- Denials by the month in which they came and by payer, facility, department, category and group,
-- followed to their end. Every measure adds up; a rate is one measure over another.
with

outcomes as (

    select * from {{ ref('int_denial__outcomes') }}

),

final as (

    select
        {{ month_start('denied_date') }} as denied_month,
        payer_key,
        facility_key,
        department_key,
        denial_category,
        group_code,
        count(*) as denied_claim_count,
        cast({{ sum_where('1', 'is_initial') }} as {{ dbt.type_bigint() }})
            as initially_denied_claim_count,
        cast({{ sum_where('1', 'still_denied_amount > 0') }} as {{ dbt.type_bigint() }})
            as finally_denied_claim_count,
        cast({{ sum_where('1', "action = 'resubmitted'") }} as {{ dbt.type_bigint() }})
            as resubmitted_claim_count,
        cast({{ sum_where('1', "action = 'appealed'") }} as {{ dbt.type_bigint() }})
            as appealed_claim_count,
        cast({{ sum_where('1', "decision <> 'none'") }} as {{ dbt.type_bigint() }})
            as decided_claim_count,
        cast({{ sum_where('1', "decision = 'overturned'") }} as {{ dbt.type_bigint() }})
            as overturned_claim_count,
        cast({{ sum_where('1', "decision = 'partly overturned'") }} as {{ dbt.type_bigint() }})
            as partly_overturned_claim_count,
        cast({{ sum_where('1', "decision = 'upheld'") }} as {{ dbt.type_bigint() }})
            as upheld_claim_count,
        cast({{ sum_where('1', "outcome = 'written off'") }} as {{ dbt.type_bigint() }})
            as written_off_claim_count,
        cast({{ sum_where('1', "outcome = 'patient'") }} as {{ dbt.type_bigint() }})
            as patient_claim_count,
        cast({{ sum_where('1', "outcome in ('open', 'upheld')") }} as {{ dbt.type_bigint() }})
            as open_claim_count,
        {{ money('sum(denied_amount)') }} as denied_amount,
        {{ money('sum(still_denied_amount)') }} as finally_denied_amount,
        {{ money('sum(overturned_amount)') }} as overturned_amount,
        {{ money('sum(recovered_amount)') }} as recovered_amount,
        {{ money('sum(contractual_amount)') }} as contractual_amount,
        {{ money('sum(written_off_amount)') }} as written_off_amount,
        {{ money('sum(withdrawn_amount)') }} as withdrawn_amount,
        {{ money('sum(patient_amount)') }} as patient_amount,
        {{ money('sum(open_amount)') }} as open_amount,
        cast(sum(coalesce(days_to_decision, 0)) as {{ dbt.type_bigint() }}) as decision_days

    from outcomes

    group by
        {{ month_start('denied_date') }},
        payer_key,
        facility_key,
        department_key,
        denial_category,
        group_code

)

select * from final
