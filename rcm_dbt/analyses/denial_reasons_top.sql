-- Why do payers deny, and how many dollars does each reason hold?
select
    denial_category,
    group_code,
    reason_code,
    count(distinct claim_key) as claim_count,
    sum(denied_amount) as denied_amount

from {{ ref('fct_denial_events') }}

group by
    denial_category,
    group_code,
    reason_code

order by
    denied_amount desc,
    reason_code asc,
    group_code asc
