-- Open and credit balances at each month end by age, on three bases: each holds every balance once.
with

balances as (

    select * from {{ ref('int_receivable__month_end') }}

),

aged as (

    {% for basis, days in [
        ('service', 'age_days'),
        ('discharge', 'discharge_age_days'),
        ('last bill', 'last_bill_age_days'),
    ] %}
        select
            balance_month,
            balance_date,
            facility_key,
            payer_key,
            '{{ basis }}' as age_basis,
            {{ age_bucket(days) }} as age_bucket,
            balance_amount

        from balances
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}

),

summed as (

    select
        balance_month,
        balance_date,
        facility_key,
        payer_key,
        age_basis,
        age_bucket,
        sum(case when balance_amount > 0 then 1 else 0 end) as open_claim_count,
        {{ sum_where('balance_amount', 'balance_amount > 0') }} as open_amount,
        sum(case when balance_amount < 0 then 1 else 0 end) as credit_claim_count,
        {{ sum_where('balance_amount', 'balance_amount < 0') }} as credit_amount

    from aged

    group by
        balance_month,
        balance_date,
        facility_key,
        payer_key,
        age_basis,
        age_bucket

),

final as (

    select
        {{ surrogate_key([
            'balance_month', 'facility_key', 'payer_key', 'age_basis', 'age_bucket',
        ]) }} as ar_aging_key,
        balance_month,
        balance_date,
        facility_key,
        payer_key,
        age_basis,
        age_bucket,
        cast(open_claim_count as {{ dbt.type_int() }}) as open_claim_count,
        {{ money('open_amount') }} as open_amount,
        cast(credit_claim_count as {{ dbt.type_int() }}) as credit_claim_count,
        {{ money('credit_amount') }} as credit_amount

    from summed

)

select * from final
