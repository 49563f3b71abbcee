-- How long does each kind of work take, and how much of it is done?
select
    staff_department,
    activity,
    count(distinct staff_key) as staff_count,
    sum(task_count) as task_count,
    sum(work_minutes) as work_minutes,
    cast(sum(work_minutes) * 1.0 / sum(task_count) as decimal(9, 1)) as minutes_per_task

from {{ ref('mart_staff_operations') }}

group by
    staff_department,
    activity

order by
    work_minutes desc,
    activity asc
