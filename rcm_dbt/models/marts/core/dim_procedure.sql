select
    procedure_code_key,
    code_system,
    procedure_code,
    procedure_label,
    procedure_category,
    cast(standard_work_rvu as decimal(9, 2)) as standard_work_rvu,
    is_listed

from {{ ref('int_procedure__codes') }}
