select
    staff_key,
    source_system,
    staff_id,
    staff_name,
    staff_role,
    staff_department,
    hired_date

from {{ ref('int_staff__current') }}
