-- What each facility cost in each month, by department and kind of service, under its keys. A cost
-- of a month that cannot be true counts nowhere (F1).
with

costs as (

    select * from {{ ref('stg_operations__facility_costs') }}

),

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

),

final as (

    select
        {{ surrogate_key([
            "'cost'", 'costs.facility_id', 'costs.stated_date', 'costs.department_id',
            'costs.service_type',
        ]) }} as cost_key,
        {{ surrogate_key(["'operations'", 'costs.facility_id']) }} as facility_key,
        costs.cost_month,
        costs.department_id,
        case
            when costs.department_id <> 'all'
                then {{ surrogate_key([
                    'coalesce(facilities.source_system, costs.facility_id)', 'costs.department_id',
                ]) }}
        end as department_key,
        costs.service_type,
        costs.cost_amount,
        costs.source_system,
        costs._source_file,
        costs._source_position

    from costs

    left join facilities
        on costs.facility_id = facilities.facility_id

    where costs.cost_month is not null

)

select * from final
