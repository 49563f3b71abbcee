-- Each cost of the general ledger, shared out over the services that it was borne for: of its
-- month, and where it says so of its department and kind. The cost of professional services goes by
-- work values, any other by charges (ratio of cost to charges), in whole dollars; a charge that was
-- taken back takes its cost back. What meets no service stays with its cost, so that a cost is
-- always the sum of its rows.
with

costs as (

    select * from {{ ref('int_facility__costs') }}

),

services as (

    select * from {{ ref('int_cost__services') }}

),

matched as (

    select
        costs.cost_key,
        costs.cost_amount,
        services.service_key,
        services.service_type,
        services.provider_key,
        services.procedure_code_key,
        case
            when costs.service_type = 'professional' then services.work_rvu
            else cast(round(services.charge_amount, 0) * 0.01 as decimal(18, 2))
        end as basis

    from costs

    inner join services
        on costs.facility_key = services.facility_key
        and costs.cost_month = services.activity_month
        and (costs.department_id = 'all' or costs.department_key = services.department_key)
        and (costs.service_type = 'all' or costs.service_type = services.service_type)

),

shared as (

    select
        *,
        {{ allocated_amount(
            'cost_amount', 'basis', group_by=['cost_key'], order_by='service_key'
        ) }} as share_amount

    from matched

),

shared_costs as (

    select distinct cost_key

    from shared

    where share_amount is not null

),

rows_of_costs as (

    select
        cost_key,
        service_key,
        service_type,
        provider_key,
        procedure_code_key,
        share_amount as allocated_amount,
        {{ money(0) }} as unallocated_amount

    from shared

    where share_amount <> 0

    union all

    select
        costs.cost_key,
        {{ null_key() }} as service_key,
        {{ null_key() }} as service_type,
        {{ null_key() }} as provider_key,
        {{ null_key() }} as procedure_code_key,
        {{ money(0) }} as allocated_amount,
        costs.cost_amount as unallocated_amount

    from costs

    left join shared_costs
        on costs.cost_key = shared_costs.cost_key

    where shared_costs.cost_key is null

),

final as (

    select
        {{ surrogate_key(['rows_of_costs.cost_key', 'rows_of_costs.service_key']) }}
            as allocation_key,
        rows_of_costs.cost_key,
        costs.facility_key,
        costs.cost_month,
        rows_of_costs.service_type,
        rows_of_costs.provider_key,
        rows_of_costs.procedure_code_key,
        rows_of_costs.allocated_amount,
        rows_of_costs.unallocated_amount

    from rows_of_costs

    inner join costs
        on rows_of_costs.cost_key = costs.cost_key

)

select * from final
