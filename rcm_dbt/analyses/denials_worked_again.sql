-- Of claims that a payer denied, how many were worked or sent again, and how many were paid then?
with

denied as (

    select
        claim_key,
        min(activity_number) as denied_number

    from {{ ref('fct_claim_activities') }}

    where activity_type = 'denied'

    group by claim_key

),

later as (

    select
        denied.claim_key,
        max(case when activities.activity_type = 'denial worked' then 1 else 0 end) as worked,
        max(
            case when activities.activity_type in ('replaced', 'resubmitted') then 1 else 0 end
        ) as sent_again,
        max(case when activities.activity_type = 'paid' then 1 else 0 end) as paid,
        max(case when activities.activity_type = 'written off' then 1 else 0 end) as written_off

    from denied

    inner join {{ ref('fct_claim_activities') }} as activities
        on denied.claim_key = activities.claim_key
        and denied.denied_number <= activities.activity_number

    group by denied.claim_key

)

select
    count(*) as denied_claim_count,
    sum(worked) as worked_claim_count,
    sum(sent_again) as sent_again_claim_count,
    sum(paid) as paid_later_claim_count,
    sum(written_off) as written_off_claim_count

from later
