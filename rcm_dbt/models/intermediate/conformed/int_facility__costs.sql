-- What each facility cost in each month, under the facility's key.
with

final as (

    select
        {{ surrogate_key(["'cost'", 'facility_id', 'cost_month']) }} as cost_key,
        {{ surrogate_key(["'operations'", 'facility_id']) }} as facility_key,
        cost_month,
        cost_amount,
        source_system,
        _source_file,
        _source_position

    from {{ ref('stg_operations__facility_costs') }}

)

select * from final
