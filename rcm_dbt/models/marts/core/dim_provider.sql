select
    provider_key,
    source_system,
    provider_id,
    npi,
    provider_name,
    specialty,
    department_name,
    is_inferred

from {{ ref('int_provider__current') }}
