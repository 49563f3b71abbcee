-- Where do claims stand, and how many dollars are in each state?
select
    claim_status,
    count(*) as claim_count,
    sum(charge_amount) as charge_amount,
    sum(open_amount) as open_amount

from {{ ref('fct_claims') }}

group by claim_status

order by
    claim_count desc,
    claim_status asc
