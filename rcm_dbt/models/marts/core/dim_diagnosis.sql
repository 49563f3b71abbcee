select
    diagnosis_code_key,
    code_system,
    diagnosis_code,
    diagnosis_label,
    diagnosis_category,
    diagnosis_chapter

from {{ ref('int_diagnosis__codes') }}
