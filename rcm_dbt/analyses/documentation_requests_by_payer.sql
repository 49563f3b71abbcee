-- Which payers ask for records before they pay?
select
    payers.payer_name,
    count(distinct denials.claim_key) as denied_claim_count,
    count(distinct case
        when denials.denial_category = 'Documentation (RFI)' then denials.claim_key
    end) as documentation_claim_count,
    {{ sum_where('denials.denied_amount', "denials.denial_category = 'Documentation (RFI)'") }}
        as documentation_amount

from {{ ref('fct_denial_events') }} as denials

left join {{ ref('dim_payer') }} as payers
    on denials.payer_key = payers.payer_key

group by payers.payer_name

order by
    documentation_amount desc,
    payers.payer_name asc
