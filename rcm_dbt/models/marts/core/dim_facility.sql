select
    facility_key,
    source_system,
    facility_id,
    facility_name,
    facility_type,
    npi,
    tin

from {{ ref('int_facility__current') }}
