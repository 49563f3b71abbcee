-- What each department cost in each month, as the general ledger has it, beside the services that
-- bear it: the ratio of cost to charges of its facility services, the cost per work RVU of its
-- clinicians.
with

costs as (

    select * from {{ ref('int_facility__costs') }}

),

allocations as (

    select
        cost_key,
        sum(allocated_amount) as allocated_amount,
        sum(unallocated_amount) as unallocated_amount

    from {{ ref('int_cost__allocations') }}

    group by cost_key

),

services as (

    select
        facility_key,
        activity_month,
        department_key,
        service_type,
        sum(charge_amount) as charge_amount,
        sum(work_rvu) as work_rvu

    from {{ ref('int_cost__services') }}

    group by
        facility_key,
        activity_month,
        department_key,
        service_type

),

bases as (

    select
        costs.cost_key,
        sum(services.charge_amount) as charge_amount,
        sum(services.work_rvu) as work_rvu

    from costs

    inner join services
        on costs.facility_key = services.facility_key
        and costs.cost_month = services.activity_month
        and (costs.department_id = 'all' or costs.department_key = services.department_key)
        and (costs.service_type = 'all' or costs.service_type = services.service_type)

    group by costs.cost_key

),

departments as (

    select * from {{ ref('int_department__current') }}

),

facilities as (

    select * from {{ ref('int_facility__current') }}

),

final as (

    select
        costs.cost_key as department_cost_key,
        costs.cost_month as activity_month,
        costs.facility_key,
        facilities.facility_name,
        departments.department_key,
        case
            when costs.department_id = 'all' then 'Of no single department'
            else
                coalesce(
                    departments.department_name,
                    {{ dbt.concat(["'Not on the list: '", 'costs.department_id']) }}
                )
        end as department_name,
        costs.service_type,
        {{ money('costs.cost_amount') }} as cost_amount,
        {{ money('allocations.allocated_amount') }} as allocated_cost_amount,
        {{ money('allocations.unallocated_amount') }} as unallocated_cost_amount,
        {{ money('coalesce(bases.charge_amount, 0)') }} as charge_amount,
        cast(bases.work_rvu as decimal(18, 2)) as work_rvu

    from costs

    inner join allocations
        on costs.cost_key = allocations.cost_key

    left join bases
        on costs.cost_key = bases.cost_key

    left join departments
        on costs.department_key = departments.department_key

    left join facilities
        on costs.facility_key = facilities.facility_key

)

select * from final
