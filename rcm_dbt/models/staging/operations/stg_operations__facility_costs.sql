-- A restated month replaces the earlier figure: the version received last applies. A cost of a
-- month that cannot be true is of none.
with

source as (

    select * from {{ source('operations', 'facility_costs') }}

    where _arrival_date <= {{ as_of_date() }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by
                {{ clean_text('facility_id') }},
                {{ clean_date('month') }},
                coalesce({{ clean_text('department_id') }}, 'all'),
                coalesce(lower({{ clean_text('service_type') }}), 'all')
            order by _arrival_date desc, _loaded_at desc, _batch_id desc, _source_position desc
        ) as version_rank

    from source

),

renamed as (

    select
        -- ids
        {{ clean_text('facility_id') }} as facility_id,
        coalesce({{ clean_text('department_id') }}, 'all') as department_id,

        -- codes
        coalesce({{ standard_code('service_type', ['professional', 'facility', 'all']) }}, 'all')
            as service_type,

        -- dates
        {{ clean_date('month') }} as stated_date,
        {{ month_start(credible_date(clean_date('month'))) }} as cost_month,

        -- amounts
        {{ clean_money('cost_amount') }} as cost_amount,

        -- provenance
        _source_system as source_system,
        _source_file,
        _source_position,
        _arrival_date as recorded_date

    from ranked

    where version_rank = 1

)

select * from renamed
