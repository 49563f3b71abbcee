-- The numbers (NPI and tax identifier) by which payers know the facilities of the group's list. A
-- facility may have several of each; a number that two facilities list is that of the first.
with

facilities as (

    select * from {{ ref('stg_operations__facilities') }}

),

places as (

    {{ dbt.generate_series(50) }}

),

listed as (

    {% for kind in ['npi', 'tin'] -%}
        select
            '{{ kind }}' as identifier_kind,
            {{ clean_text(
                literal_split('facilities.' ~ kind, "';'", 'cast(places.generated_number as int)')
            ) }} as identifier,
            facilities.facility_id,
            facilities.source_system,
            facilities.is_main

        from facilities

        cross join places
        {%- if not loop.last %}

            union all

        {% endif %}
    {%- endfor %}

),

ranked as (

    select
        *,
        min(source_system) over (partition by identifier_kind, identifier)
        = max(source_system) over (partition by identifier_kind, identifier) as is_of_one_system,
        row_number() over (
            partition by identifier_kind, identifier
            order by is_main desc, facility_id asc
        ) as place

    from listed

    where identifier is not null

),

final as (

    select
        identifier_kind,
        identifier,
        facility_id,
        source_system,
        is_of_one_system

    from ranked

    where place = 1

)

select * from final
