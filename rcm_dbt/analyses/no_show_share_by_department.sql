-- In which departments do patients stay away? Of appointments that are over.
with

summed as (

    select
        department_key,
        sum(appointment_count - upcoming_count) as appointment_count,
        sum(no_show_count) as no_show_count,
        sum(cancelled_count) as cancelled_count

    from {{ ref('mart_front_end') }}

    group by department_key

    having sum(appointment_count - upcoming_count) > 0

)

select
    departments.source_system,
    departments.department_name,
    summed.appointment_count,
    summed.no_show_count,
    summed.cancelled_count,
    cast(summed.no_show_count * 1.0 / summed.appointment_count as decimal(9, 4))
        as no_show_share

from summed

left join {{ ref('dim_department') }} as departments
    on summed.department_key = departments.department_key

order by
    no_show_share desc,
    departments.source_system asc,
    departments.department_name asc
