-- How each payer pays a facility where it is not by the claim: the patient alone pays, or a plan
-- pays by member and month.
with

self_pay as (

    select payer_key

    from {{ ref('int_payer__current') }}

    where payer_class = 'Self-pay'

),

entries as (

    select
        facility_key,
        payer_key,
        max(case when event_type = 'CAPITATION' then 1 else 0 end) as capitated_flag

    from {{ ref('int_ledger__entries') }}

    where facility_key is not null and payer_key is not null

    group by
        facility_key,
        payer_key

),

final as (

    select
        entries.facility_key,
        entries.payer_key,
        case when self_pay.payer_key is not null then 'self-pay' else 'capitated' end
            as arrangement

    from entries

    left join self_pay
        on entries.payer_key = self_pay.payer_key

    where self_pay.payer_key is not null or entries.capitated_flag = 1

)

select * from final
