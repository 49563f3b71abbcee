"""Persons, and who pays for them. Who is one person is taken from the linkage that was made: how
good that is has a check of its own."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck

_LINKED = """linked as (
        select distinct source_system, patient_id, person_key from marts.dim_patient
        where is_current
    )"""

CHECKS = [
    TruthCheck(
        "patient_summary",
        "Visits, claims and dollars of every person are the sums of what their records truly hold.",
        "mart_patient_summary",
        f"""select person_key, record_count, hospital_count, visit_count, first_visit_date,
            last_visit_date, claim_count, charge_amount, contractual_amount, payer_paid_amount,
            patient_paid_amount, write_off_amount, open_amount, lifetime_value_amount
        from marts.mart_patient_summary where person_key in (
            select person_key from marts.dim_patient where source_system in {HOSPITALS}
        )""",
        f"""with {_LINKED},
        persons as (
            select person_key, count(*) as record_count,
                count(distinct source_system) as hospital_count
            from '{{truth}}/patients.parquet' inner join linked using (source_system, patient_id)
            group by all
        ),
        visits as (
            select person_key, count(*) as visit_count, min(encounter_date) as first_visit_date,
                max(encounter_date) as last_visit_date
            from '{{truth}}/encounters.parquet' inner join linked using (source_system, patient_id)
            group by all
        ),
        claims as (
            select person_key, count(*) as claim_count, sum(charge_amount) as charged,
                sum(contractual_amount) as contractual, sum(payer_paid_amount) as payer,
                sum(patient_paid_amount) as patient, sum(write_off_amount) as written_off,
                sum(open_amount) as open
            from '{{truth}}/claims.parquet' inner join linked using (source_system, patient_id)
            group by all
        )
        select person_key, record_count, hospital_count, coalesce(visit_count, 0),
            first_visit_date, last_visit_date, coalesce(claim_count, 0), coalesce(charged, 0),
            coalesce(contractual, 0), coalesce(payer, 0), coalesce(patient, 0),
            coalesce(written_off, 0), coalesce(open, 0), coalesce(payer + patient, 0)
        from persons left join visits using (person_key) left join claims using (person_key)""",
    ),
    TruthCheck(
        "patient_demographics",
        "Records and persons by gender, age and town are those who truly are registered.",
        "mart_patient_demographics",
        f"""select source_system, gender, age_band, town, record_count, person_count
        from marts.mart_patient_demographics where source_system in {HOSPITALS}""",
        f"""with {_LINKED},
        records as (
            select source_system, patient_id, gender, town, person_key,
                date_part('year', age(date '{{as_of}}', birth_date)) as years,
                row_number() over (
                    partition by person_key
                    order by v.arrival_date desc, md5(concat(source_system, '|', patient_id))
                ) as place
            from '{{truth}}/patients.parquet'
            inner join (
                select * from '{{truth}}/patient_versions.parquet'
                qualify row_number() over (
                    partition by source_system, patient_id order by version_number desc
                ) = 1
            ) as v using (source_system, patient_id)
            inner join linked using (source_system, patient_id)
        )
        select source_system, gender,
            case when years < 18 then '0-17' when years < 35 then '18-34' when years < 50
                then '35-49' when years < 65 then '50-64' when years < 80 then '65-79'
                else '80+' end,
            town, count(*), count(*) filter (place = 1)
        from records group by all""",
    ),
    TruthCheck(
        "patient_versions",
        "Every state of a patient record stands there from its day on, where the hospital keeps "
        "them; of one that overwrites its records the present state does.",
        "dim_patient",
        """select source_system, patient_id,
            case when source_system = 'hospital_a' and version_number > 1 then valid_from end,
            is_current, upper(first_name), upper(last_name), phone_number,
            split_part(address, ', ', 1), split_part(address, ', ', 2)
        from marts.dim_patient where source_system = 'hospital_a'
            or source_system = 'hospital_b' and is_current""",
        """with states as (
            select *, concat_ws('|', first_name, last_name, phone, street, town) as content
            from '{truth}/patient_versions.parquet'
        ),
        changes as (
            select * from states
            window record as (partition by source_system, patient_id order by version_number)
            qualify lag(content) over record is distinct from content
        ),
        numbered as (
            select *, row_number() over record as number,
                lead(version_number) over record is null as is_last
            from changes
            window record as (partition by source_system, patient_id order by version_number)
        )
        select source_system, patient_id,
            case when source_system = 'hospital_a' and number > 1 then arrival_date end, is_last,
            upper(first_name), upper(last_name), phone, street, town
        from numbered where source_system = 'hospital_a' or is_last""",
    ),
    TruthCheck(
        "insurance_mix",
        "Visits, claims and dollars of each class of payer are as they truly were.",
        "mart_insurance_mix",
        f"""select activity_month, f.source_system, payer_class, visit_count, claim_count,
            charge_amount, paid_amount, month_visit_count, month_claim_count, month_charge_amount,
            month_paid_amount
        from marts.mart_insurance_mix inner join marts.dim_facility as f using (facility_key)
        where f.source_system in {HOSPITALS}""",
        """with payers as (select payer_id, payer_class from marts.dim_payer),
        measures as (
            select date_trunc('month', encounter_date) as activity_month, source_system,
                coalesce(c.payer_id, k.payer_id) as payer_id, 1 as visits
            from '{truth}/encounters.parquet'
            left join (
                select source_system, encounter_id, min(payer_id) as payer_id
                from '{truth}/claims.parquet' where encounter_id is not null group by all
            ) as c using (source_system, encounter_id)
            left join (
                select source_system, encounter_id, min(payor_id) as payer_id
                from '{truth}/eligibility_checks.parquet' where encounter_id is not null
                group by all
            ) as k using (source_system, encounter_id)
            union all by name
            select date_trunc('month', service_date) as activity_month, source_system, payer_id,
                1 as claims, charge_amount as charged,
                payer_paid_amount + patient_paid_amount as paid
            from '{truth}/claims.parquet'
        ),
        mix as (
            select cast(activity_month as date) as activity_month, source_system,
                coalesce(payer_class, 'Unknown') as payer_class, count(visits) as visits,
                count(claims) as claims, coalesce(sum(charged), 0) as charged,
                coalesce(sum(paid), 0) as paid
            from measures left join payers using (payer_id) group by all
        )
        select *, sum(visits) over w, sum(claims) over w, sum(charged) over w, sum(paid) over w
        from mix window w as (partition by activity_month, source_system)""",
    ),
]
