select
    department_key,
    source_system,
    department_id,
    department_name,
    facility_key

from {{ ref('int_department__current') }}
