-- What happens to claims, how often, and about how many dollars?
select
    activity_type,
    activity_label,
    count(distinct claim_key) as claim_count,
    sum(event_count) as event_count,
    sum(amount) as amount

from {{ ref('fct_claim_activities') }}

group by
    activity_type,
    activity_label

order by
    claim_count desc,
    activity_type asc
