"""Who and what the facts are about."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck

CHECKS = [
    TruthCheck(
        "patients",
        "Every patient record is there once; equal ids in two hospitals stay two people.",
        "dim_patient",
        f"""select source_system, patient_id from marts.dim_patient
        where is_current and source_system in {HOSPITALS}""",
        "select source_system, patient_id from '{truth}/patients.parquet'",
    ),
    TruthCheck(
        "providers",
        "Every clinician is there once, under the right name, specialty and department.",
        "dim_provider",
        f"""select source_system, provider_id, npi, provider_name, specialty, department_name
        from marts.dim_provider where source_system in {HOSPITALS}""",
        """select p.source_system, provider_id, npi, first_name || ' ' || last_name,
            specialization, d.name
        from '{truth}/providers.parquet' as p
        inner join '{truth}/departments.parquet' as d using (source_system, dept_id)""",
    ),
    TruthCheck(
        "departments",
        "Every department is there once.",
        "dim_department",
        f"""select source_system, department_id, department_name from marts.dim_department
        where source_system in {HOSPITALS}""",
        "select source_system, dept_id, name from '{truth}/departments.parquet'",
    ),
    TruthCheck(
        "staff",
        "Every member of staff is there once.",
        "dim_staff",
        f"""select source_system, staff_id, staff_name, staff_role, hired_date
        from marts.dim_staff where source_system in {HOSPITALS}""",
        """select source_system, staff_id, first_name || ' ' || last_name, role, hired_date
        from '{truth}/staff.parquet'""",
    ),
    TruthCheck(
        "facilities",
        "Every facility of the group is there once, with its numbers.",
        "dim_facility",
        f"""select source_system, facility_id, facility_name, npi, tin from marts.dim_facility
        where facility_type = 'hospital' and source_system in {HOSPITALS}""",
        """select source_system, facility_id, facility_name, split_part(npi, ';', 1), tin
        from '{truth}/facilities.parquet'""",
    ),
    TruthCheck(
        "payers",
        "Every payer is there once, also one that has merged and goes by two numbers.",
        "dim_payer",
        """select payer_id, payer_name, payer_class from marts.dim_payer
        where source_system = 'operations'""",
        """select payer_id, payer_name, payer_class from '{truth}/payers.parquet'
        where merged_into is null""",
    ),
    TruthCheck(
        "health_plans",
        "Every plan under which a charge was billed is there once.",
        "dim_health_plan",
        """select payers.payer_id, plans.line_of_business from marts.dim_health_plan as plans
        inner join marts.dim_payer as payers using (payer_key)
        where payers.source_system = 'operations'""",
        """select distinct payers.payer_id, payers.payer_class
        from '{truth}/claims.parquet' as claims
        inner join '{truth}/lines.parquet' using (source_system, claim_id)
        inner join '{truth}/payers.parquet' as payers on claims.payer_id = payers.payer_id""",
    ),
    TruthCheck(
        "procedures",
        "Every charge leads to its procedure, and no other is said to have been charged.",
        "dim_procedure",
        f"""select distinct t.source_system, p.procedure_code
        from marts.fct_transactions as t
        inner join marts.dim_procedure as p using (procedure_code_key)
        where t.source_system in {HOSPITALS}""",
        "select distinct source_system, procedure_code from '{truth}/lines.parquet'",
    ),
    TruthCheck(
        "diagnoses",
        "Every diagnosis that was made is there once, in one spelling.",
        "dim_diagnosis",
        """select diagnosis_code from marts.dim_diagnosis where code_system = 'ICD-10-CM'""",
        """select distinct upper(replace(icd_code, '.', '')) from '{truth}/diagnoses.parquet'""",
    ),
    TruthCheck(
        "dates",
        "Every day of the calendar is there once, with its month and weekday.",
        "dim_date",
        """select date_day, month_start_date, quarter_number, year_number, is_weekend
        from marts.dim_date""",
        """select cast(day as date), cast(date_trunc('month', day) as date), quarter(day),
            year(day), isodow(day) > 5
        from (
            select unnest(generate_series(min(date_day), max(date_day), interval 1 day)) as day
            from marts.dim_date
        )""",
    ),
]
