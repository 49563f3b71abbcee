-- What waits to be billed, for which step, for how long, and how many dollars?
select
    unbilled_class,
    unbilled_reason,
    count(*) as account_count,
    sum(estimated_charge_amount) as estimated_charge_amount,
    max(unbilled_days) as longest_days

from {{ ref('mart_unbilled') }}

group by
    unbilled_class,
    unbilled_reason

order by
    unbilled_class asc,
    estimated_charge_amount desc
