"""What became of each claim."""

from rcm_platform.truth_checks.compare import HOSPITALS, TruthCheck

_CLAIM_COLUMNS = """claim_id, service_date, first_submitted_date, submission_count,
    first_ack_status, first_remit_date, is_denied_on_first_remit, is_ever_denied,
    first_payer_payment_date, charge_amount, contractual_amount, payer_paid_amount,
    patient_paid_amount, write_off_amount, open_amount"""

CHECKS = [
    TruthCheck(
        "claims",
        "Every claim with its dates, flags and money is as it truly was.",
        "fct_claims",
        f"""select source_system, {_CLAIM_COLUMNS}, transaction_count from marts.fct_claims
        where source_system in {HOSPITALS}""",
        f"select source_system, {_CLAIM_COLUMNS}, entry_count from '{{truth}}/claims.parquet'",
    ),
    TruthCheck(
        "denial_events",
        "Every denial is found, with its reason, its group and its amount.",
        "fct_denial_events",
        f"""select source_system, claim_id, reason_code, group_code, remark_codes, denied_amount,
            event_date, recorded_date
        from marts.fct_denial_events where source_system in {HOSPITALS}""",
        """select source_system, claim_id, carc, group_code, remark_code, amount, event_date,
            recorded_date
        from '{truth}/denial_events.parquet'""",
    ),
    TruthCheck(
        "priority_queue",
        "The queue holds each open claim once, scored by its balance, its entries and its age.",
        "mart_claim_priority_queue",
        f"""select source_system, claim_id, outstanding_amount, transaction_count, age_days,
            priority_bucket, priority_score
        from marts.mart_claim_priority_queue where source_system in {HOSPITALS}""",
        """select source_system, claim_id, open_amount, entry_count,
            date '{as_of}' - service_date as age_days,
            case when open_amount > 1000 then 'high' when open_amount > 250 then 'medium'
                else 'low' end as priority_bucket,
            case when open_amount > 1000 then 5 when open_amount > 250 then 3 else 1 end
                + case when entry_count >= 10 then 3 when entry_count >= 5 then 2 else 0 end
                + case when date '{as_of}' - service_date > 90 then 3
                    when date '{as_of}' - service_date > 60 then 2 else 0 end as priority_score
        from '{truth}/claims.parquet' where open_amount > 0""",
    ),
    TruthCheck(
        "claims_overview",
        "Claims, dollars and entries of each month of service and payer are as they truly were.",
        "mart_claims_overview",
        f"""select overview.service_month, facilities.source_system, payers.payer_id,
            sum(claim_count), sum(charge_amount), sum(payment_amount), sum(adjustment_amount),
            sum(outstanding_amount), sum(credit_amount), sum(transaction_count)
        from marts.mart_claims_overview as overview
        inner join marts.dim_facility as facilities using (facility_key)
        inner join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS}
        group by all""",
        """select cast(date_trunc('month', service_date) as date), source_system, payer_id,
            count(*), sum(charge_amount), sum(payer_paid_amount + patient_paid_amount),
            sum(contractual_amount + write_off_amount), sum(greatest(open_amount, 0)),
            sum(least(open_amount, 0)), sum(entry_count)
        from '{truth}/claims.parquet' group by all""",
    ),
]
