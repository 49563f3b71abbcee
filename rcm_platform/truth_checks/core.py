"""Who and what the facts are about."""

from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck

CHECKS = [
    TruthCheck(
        "patients",
        "Every patient record is there once; equal ids in two hospitals stay two people.",
        "dim_patient",
        f"""select source_system, patient_id from marts.dim_patient
        where is_current and source_system in {HOSPITALS}""",
        "select source_system, patient_id from '{truth}/patients.parquet'",
    ),
]
