select
    record_key,
    record_type,
    source_system,
    facility_key,
    record_date,
    {{ money('quantity') }} as quantity,
    source_file,
    source_position

from {{ ref('int_kpi__records') }}
