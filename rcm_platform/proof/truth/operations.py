"""What happens before the bill: the front desk, the coders, the staff."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck

# a visit's payer: of its claims, else of its coverage check; both are the patient's
_VISITS = """with visits as (
        select e.source_system, e.encounter_id, e.encounter_date,
            coalesce(c.payer_id, k.payor_id) as payer_id, k.encounter_id is not null as is_checked,
            coalesce(k.is_verified, false) as is_verified,
            case when a.is_approved then 'approved' when a.is_denied then 'denied'
                when a.encounter_id is not null then 'pending'
                when d.encounter_id is not null then 'missing' end as authorization_result
        from '{truth}/encounters.parquet' as e
        left join (
            select source_system, encounter_id, min(payer_id) as payer_id
            from '{truth}/claims.parquet' where encounter_id is not null group by all
        ) as c using (source_system, encounter_id)
        left join (
            select source_system, encounter_id, min(payor_id) as payor_id,
                bool_or(status = 'Active') as is_verified
            from '{truth}/eligibility_checks.parquet' where encounter_id is not null group by all
        ) as k using (source_system, encounter_id)
        left join (
            select source_system, encounter_id, bool_or(status = 'Approved') as is_approved,
                bool_or(status = 'Denied') as is_denied
            from '{truth}/authorizations.parquet' group by all
        ) as a using (source_system, encounter_id)
        left join (
            select distinct source_system, encounter_id from '{truth}/denial_events.parquet'
            inner join '{truth}/claims.parquet' using (source_system, claim_id)
            where category = 'Authorization'
        ) as d using (source_system, encounter_id)
    )"""

CHECKS = [
    TruthCheck(
        "unbilled",
        "Every visit and claim that waits to be billed is there, with the step that it waits for.",
        "mart_unbilled",
        f"""select source_system, encounter_id, claim_id, unbilled_reason, discharge_date,
            waiting_since_date, unbilled_days, waiting_days, charge_amount, estimated_charge_amount
        from marts.mart_unbilled where source_system in {HOSPITALS}""",
        """with usual as (
            select source_system, encounter_type,
                cast(sum(charge_amount) * 100 as bigint) // count(*) as charge_cents
            from '{truth}/encounters.parquet' where charge_amount > 0 group by all
        ),
        accounts as (
            select source_system, encounter_id, null as claim_id,
                case when signed_date is null then 'not documented'
                    when coded_date is null then 'not coded' else 'charge not posted' end as reason,
                s.discharge_date, coalesce(coded_date, signed_date, s.discharge_date) as since,
                0 as charge_amount, coalesce(charge_cents, 0) * 0.01 as estimate
            from '{truth}/encounter_status.parquet' as s
            inner join '{truth}/encounters.parquet' using (source_system, encounter_id)
            left join usual using (source_system, encounter_type)
            anti join '{truth}/claims.parquet' using (source_system, encounter_id)
            where s.discharge_date is not null
            union all
            select source_system, encounter_id, claim_id, 'billed not submitted',
                s.discharge_date, posted_date, charge_amount, charge_amount
            from '{truth}/claims.parquet'
            inner join '{truth}/encounter_status.parquet' as s using (source_system, encounter_id)
            inner join (
                select source_system, claim_id, max(arrival_date) as posted_date
                from '{truth}/lines.parquet' group by all
            ) using (source_system, claim_id)
            where first_submitted_date is null and first_remit_date is null
                and payer_id <> 'SELF' and charge_amount > 0
        )
        select source_system, encounter_id, claim_id, reason, discharge_date, since,
            date '{as_of}' - discharge_date, date '{as_of}' - since,
            cast(charge_amount as decimal(18, 2)), cast(estimate as decimal(18, 2))
        from accounts""",
    ),
    TruthCheck(
        "billing_lag",
        "Days of each step from visit to bill, and what came late, are as they truly were.",
        "mart_billing_lag",
        f"""select done_month, source_system, step, sum(done_count), sum(lag_days),
            sum(late_count), sum(charge_amount), sum(late_charge_amount)
        from marts.mart_billing_lag inner join marts.dim_facility using (facility_key)
        where source_system in {HOSPITALS} group by all""",
        """with steps as (
            select 'documentation' as step, source_system, discharge_date as f, signed_date as t,
                0 as charge_amount
            from '{truth}/encounter_status.parquet'
            union all
            select 'coding', source_system, signed_date, coded_date, 0
            from '{truth}/encounter_status.parquet'
            union all
            -- from the last day of service: an account is charged when it is over
            select 'charge posting', source_system, greatest(service_date, discharge_date),
                arrival_date, charge_amount
            from '{truth}/lines.parquet'
            left join (
                select source_system, encounter_id, discharge_date
                from '{truth}/encounter_status.parquet'
            ) using (source_system, encounter_id)
            union all
            select 'submission', source_system, min(arrival_date), first_submitted_date,
                sum(lines.charge_amount)
            from '{truth}/lines.parquet' as lines
            inner join '{truth}/claims.parquet' using (source_system, claim_id)
            group by source_system, claim_id, first_submitted_date
        )
        select cast(date_trunc('month', t) as date), source_system, step, count(*), sum(t - f),
            count(*) filter (t - f > limit_days), sum(charge_amount),
            coalesce(sum(charge_amount) filter (t - f > limit_days), 0)
        from steps inner join seeds.billing_steps using (step)
        where f is not null and t is not null group by all""",
    ),
    TruthCheck(
        "appointments",
        "Appointments kept, missed and cancelled in each department are as they truly were.",
        "mart_front_end",
        f"""select activity_month, f.source_system, department_id, sum(appointment_count),
            sum(kept_count), sum(no_show_count), sum(cancelled_count), sum(upcoming_count),
            sum(booked_ahead_days)
        from marts.mart_front_end
        inner join marts.dim_facility as f using (facility_key)
        inner join marts.dim_department as d using (department_key)
        where f.source_system in {HOSPITALS} and appointment_count > 0 group by all""",
        """select cast(date_trunc('month', scheduled_date) as date), source_system, dept_id,
            count(*), count(*) filter (status = 'Completed'),
            count(*) filter (status = 'No Show'), count(*) filter (status = 'Cancelled'),
            count(*) filter (status = 'Scheduled'), sum(scheduled_date - booked_date)
        from '{truth}/appointments.parquet' group by all""",
    ),
    TruthCheck(
        "eligibility",
        "Checks of coverage and what they found are, for each month and payer, as they truly were.",
        "mart_front_end",
        f"""select activity_month, f.source_system, payer_id, sum(check_count),
            sum(verified_check_count), sum(failed_check_count)
        from marts.mart_front_end
        inner join marts.dim_facility as f using (facility_key)
        inner join marts.dim_payer using (payer_key)
        where f.source_system in {HOSPITALS} and check_count > 0 group by all""",
        """select cast(date_trunc('month', check_date) as date), source_system, payor_id, count(*),
            count(*) filter (status = 'Active'), count(*) filter (status <> 'Active')
        from '{truth}/eligibility_checks.parquet' group by all""",
    ),
    TruthCheck(
        "registrations",
        "Visits registered, verified and authorized are, per month and payer, as they truly were.",
        "mart_front_end",
        f"""select activity_month, f.source_system, payer_id, sum(registered_count),
            sum(checked_count), sum(verified_count), sum(authorization_required_count),
            sum(authorization_requested_count), sum(authorization_approved_count),
            sum(authorization_denied_count), sum(authorization_pending_count),
            sum(authorization_missing_count)
        from marts.mart_front_end
        inner join marts.dim_facility as f using (facility_key)
        left join marts.dim_payer using (payer_key)
        where f.source_system in {HOSPITALS} and registered_count > 0 group by all""",
        _VISITS
        + """
        select cast(date_trunc('month', encounter_date) as date), source_system, payer_id, count(*),
            count(*) filter (is_checked), count(*) filter (is_verified),
            count(authorization_result),
            count(*) filter (authorization_result in ('approved', 'denied', 'pending')),
            count(*) filter (authorization_result = 'approved'),
            count(*) filter (authorization_result = 'denied'),
            count(*) filter (authorization_result = 'pending'),
            count(*) filter (authorization_result = 'missing')
        from visits group by all""",
    ),
    TruthCheck(
        "staff_operations",
        "Tasks and minutes of each member of staff, and what they touched, are as they truly were.",
        "mart_staff_operations",
        f"""select source_system, staff_id, s.staff_role, activity_month, activity, task_count,
            work_minutes, claim_count, encounter_count, denied_claim_count
        from marts.mart_staff_operations
        inner join marts.dim_staff as s using (staff_key)
        where source_system in {HOSPITALS}""",
        """select w.source_system, staff_id, role, cast(date_trunc('month', work_date) as date),
            activity, count(*), sum(minutes), count(distinct w.claim_id),
            count(distinct w.encounter_id), count(distinct w.claim_id) filter (is_ever_denied)
        from '{truth}/work_log.parquet' as w
        inner join '{truth}/staff.parquet' using (source_system, staff_id)
        left join '{truth}/claims.parquet' as c
            on w.source_system = c.source_system and w.claim_id = c.claim_id
        group by all""",
    ),
    TruthCheck(
        "kpi_records",
        "Every cost and every piece of logged work that KPIs are made of is there, once.",
        "fct_kpi_records",
        f"""select record_type, record_date, quantity from marts.fct_kpi_records
        where source_system in {HOSPITALS} or record_type = 'cost'""",
        """select 'cost', cast(month as date), cost_amount from '{truth}/facility_costs.parquet'
        union all select 'work', work_date, minutes from '{truth}/work_log.parquet'""",
    ),
]
