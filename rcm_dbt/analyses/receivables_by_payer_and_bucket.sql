-- Who owes what, and for how long? Only open balances age; a closed claim owes nothing.
select
    payers.payer_name,
    count(*) as claim_count,
    {{ sum_where('claims.open_amount', 'claims.age_days <= 30') }} as open_0_30_amount,
    {{ sum_where('claims.open_amount', 'claims.age_days between 31 and 60') }}
        as open_31_60_amount,
    {{ sum_where('claims.open_amount', 'claims.age_days between 61 and 90') }}
        as open_61_90_amount,
    {{ sum_where('claims.open_amount', 'claims.age_days between 91 and 120') }}
        as open_91_120_amount,
    {{ sum_where('claims.open_amount', 'claims.age_days > 120') }} as open_over_120_amount,
    sum(claims.open_amount) as open_amount

from {{ ref('fct_claims') }} as claims

left join {{ ref('dim_payer') }} as payers
    on claims.payer_key = payers.payer_key

where claims.open_amount > 0

group by payers.payer_name

order by
    open_amount desc,
    payers.payer_name asc
