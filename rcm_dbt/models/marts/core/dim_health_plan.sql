select
    health_plan_key,
    payer_key,
    health_plan_name,
    line_of_business,
    payer_class

from {{ ref('int_payer__health_plans') }}
