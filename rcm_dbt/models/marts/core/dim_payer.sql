select
    payer_key,
    source_system,
    payer_id,
    payer_name,
    payer_class,
    is_listed

from {{ ref('int_payer__current') }}
