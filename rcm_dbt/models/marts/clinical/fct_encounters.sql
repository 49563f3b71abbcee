{{ config(**physical_layout('encounter_date', ['patient_key', 'provider_key'])) }}

select
    encounter_key,
    source_system,
    encounter_id,
    patient_key,
    patient_version_key,
    provider_key,
    facility_key,
    department_key,
    department_name,
    encounter_date,
    encounter_type,
    procedure_count,
    work_rvu,
    claim_count,
    charge_amount,
    contractual_amount,
    payer_paid_amount,
    patient_paid_amount,
    write_off_amount,
    open_amount,
    professional_charge_amount,
    professional_paid_amount

from {{ ref('int_encounter__enriched') }}
