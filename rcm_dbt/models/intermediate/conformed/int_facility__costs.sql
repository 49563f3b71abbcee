-- What each facility cost in each month, under the facility's key.
with

final as (

    select
        {{ surrogate_key(["'operations'", 'facility_id']) }} as facility_key,
        cost_month,
        cost_amount

    from {{ ref('stg_operations__facility_costs') }}

)

select * from final
