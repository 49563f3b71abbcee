-- Under which facility and month leaders see the work and the money of each facility's month: its
-- own, or others together where it is about too few people. All of their tables are cut along these
-- lines, so that none is the difference of two others.
with

people as (

    select
        'all facilities' as subject_key,
        {{ surrogate_key(['activity_month']) }} as month_key,
        {{ surrogate_key(['facility_key', 'activity_month']) }} as part_key,
        facility_key,
        activity_month,
        counted_as,
        person_key

    from {{ ref('int_privacy__activity') }}

),

{{ small_cells('people') }},

facility_months as (

    select distinct
        part_key,
        facility_key,
        activity_month

    from people

),

final as (

    select
        facility_months.facility_key,
        facility_months.activity_month,
        case when not places.is_other_month then facility_months.activity_month end as shown_month,
        case when not places.is_other then facility_months.facility_key end as shown_facility_key,
        places.is_other,
        places.has_enough,
        {{ surrogate_key([
            'case when not places.is_other_month then facility_months.activity_month end',
            'places.is_other',
            'case when not places.is_other then facility_months.facility_key end',
        ]) }} as shown_key

    from places

    inner join facility_months
        on places.part_key = facility_months.part_key

)

select * from final
