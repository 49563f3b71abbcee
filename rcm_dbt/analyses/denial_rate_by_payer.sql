-- Which payers deny how much on their first decision? Ratios are parts, so that totals can be made.
select
    payers.payer_name,
    payers.payer_class,
    count(*) as decided_claim_count,
    {{ sum_where('1', 'claims.is_denied_on_first_remit') }} as denied_claim_count,
    cast(
        {{ sum_where('1.0', 'claims.is_denied_on_first_remit') }} / count(*) as decimal(9, 4)
    ) as initial_denial_rate

from {{ ref('fct_claims') }} as claims

left join {{ ref('dim_payer') }} as payers
    on claims.payer_key = payers.payer_key

where claims.first_remit_date is not null

group by
    payers.payer_name,
    payers.payer_class

order by
    initial_denial_rate desc,
    payers.payer_name asc
