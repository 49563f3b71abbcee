"""What became of each claim."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck

_CLAIM_COLUMNS = """claim_id, service_date, first_submitted_date, submission_count,
    first_ack_status, first_remit_date, is_denied_on_first_remit, is_ever_denied,
    first_payer_payment_date, charge_amount, contractual_amount, payer_paid_amount,
    patient_paid_amount, write_off_amount, open_amount"""

CHECKS = [
    TruthCheck(
        "transactions",
        "Every charge and posting of the billing systems is there once, with its amount.",
        "fct_transactions",
        f"""select t.source_system, c.claim_id, p.procedure_code, t.service_date, t.amount,
            t.recorded_date
        from marts.fct_transactions as t
        inner join marts.fct_claims as c using (claim_key)
        left join marts.dim_procedure as p using (procedure_code_key)
        where lower(t.amount_type) = 'charge' and t.source_system in {HOSPITALS}""",
        """select source_system, claim_id, procedure_code, service_date, charge_amount,
            arrival_date
        from '{truth}/lines.parquet'""",
    ),
    TruthCheck(
        "postings",
        "Every payment and write-off that a hospital posts is there once, with its amount.",
        "fct_transactions",
        f"""select t.source_system, c.claim_id, lower(t.amount_type),
            coalesce(nullif(t.amount, 0), t.paid_amount), t.recorded_date
        from marts.fct_transactions as t
        inner join marts.fct_claims as c using (claim_key)
        where lower(t.amount_type) <> 'charge' and t.source_system in {HOSPITALS}""",
        """select source_system, claim_id, lower(kind), amount, arrival_date
        from '{truth}/postings.parquet'""",
    ),
    TruthCheck(
        "claims",
        "Every claim with its dates, flags and money is as it truly was.",
        "fct_claims",
        f"""select source_system, service_type, {_CLAIM_COLUMNS}, transaction_count
        from marts.fct_claims where source_system in {HOSPITALS}""",
        f"""select source_system, if(claim_form = 'P', 'professional', 'facility'),
            {_CLAIM_COLUMNS}, entry_count
        from '{{truth}}/claims.parquet'""",
    ),
    TruthCheck(
        "claim_lines",
        "Every line has its work, its units and its dollars as they truly were.",
        "fct_claim_lines",
        f"""select source_system, claim_id, line_id, procedure_code, modifiers, units, work_rvu,
            service_date, charge_amount, allowed_amount, contractual_amount, denied_amount,
            patient_responsibility_amount, payer_paid_amount
        from marts.fct_claim_lines where source_system in {HOSPITALS}""",
        """with remit_lines as (
            select *, arg_max(allowed_amount, (recorded_date, event_date)) filter (
                kind not in ('reversal', 'secondary decision')
            ) over (partition by source_system, claim_id, line_id) as last_allowed
            from '{truth}/remit_lines.parquet' where is_shown
        ),
        lines as (
            select source_system, claim_id, line_id, procedure_code, modifiers, units, work_rvu,
                service_date, charge_amount
            from '{truth}/lines.parquet'
            union all by name
            -- a stranger's lines are known from the remittance alone, which tells a stay by its
            -- revenue code and not by the hospital's own code for it
            select source_system, claim_id, line_id,
                case when procedure_code not like 'RB%' then procedure_code end as procedure_code,
                modifiers, units, service_date, remit_lines.charge_amount
            from remit_lines
            inner join '{truth}/claims.parquet' as claims using (source_system, claim_id)
            where kind = 'stranger'
        ),
        posted as (
            select source_system, claim_id, line_id,
                -sum(ar_amount) filter (event_type = 'CONTRACTUAL') as contractual,
                sum(memo_amount) filter (event_type = 'DENIAL_HOLD') as denied,
                sum(memo_amount) filter (event_type = 'TRANSFER_TO_PATIENT') as patient,
                sum(cash_amount) filter (event_type = 'PAYER_PAYMENT') as paid
            from '{truth}/ledger_entries.parquet' where line_id is not null group by all
        ),
        allowed as (
            select distinct source_system, claim_id, line_id, last_allowed from remit_lines
        )
        select source_system, claim_id, line_id, procedure_code, modifiers, units, work_rvu,
            service_date, charge_amount, last_allowed, coalesce(contractual, 0),
            coalesce(denied, 0), coalesce(patient, 0), coalesce(paid, 0)
        from lines
        left join posted using (source_system, claim_id, line_id)
        left join allowed using (source_system, claim_id, line_id)""",
    ),
    TruthCheck(
        "claim_remittances",
        "Every claim that a payer decided has its payment, its dollars and its match as it was.",
        "fct_remittances",
        f"""select remits.source_system, claim_id, payers.payer_id, trace_number, is_reversal,
            is_secondary, is_denied, match_method, match_confidence, payment_date, recorded_date,
            charge_amount, paid_amount, allowed_amount, contractual_amount, denied_amount,
            patient_responsibility_amount, other_payer_amount, line_count, unmatched_line_count
        from marts.fct_remittances as remits
        inner join marts.dim_payer as payers using (payer_key)
        where remits.source_system in {HOSPITALS}""",
        """select claims.source_system, claim_id, claims.payer_id, trace_number, kind = 'reversal',
            kind = 'secondary decision', is_denied and kind <> 'reversal',
            case when kind = 'stranger' then 'none' else 'claim number' end,
            case when kind = 'stranger' then 'none' else 'certain' end,
            event_date, recorded_date, charge_amount, paid_amount, allowed_amount,
            contractual_amount, denied_amount, patient_responsibility_amount, prior_payer_amount,
            claims.line_count, 0
        from '{truth}/remit_claims.parquet' as claims
        inner join '{truth}/remits.parquet' using (source_file)""",
    ),
    TruthCheck(
        "claim_events",
        "Every link of a claim's chain, every answer and every decision is there, on its day.",
        "fct_claim_events",
        f"""select source_system, claim_id, event_kind, event_date, recorded_date, event_amount
        from marts.fct_claim_events where source_system in {HOSPITALS}""",
        """with sent as (
            select *, charge_amount as charge from '{truth}/submissions.parquet'
        )
        select source_system, claim_id,
            case when frequency_code in ('2', '3', '4') then 'interim bill'
                when kind <> 'first' then kind
                when frequency_code = '5' then 'late charge' else 'original' end,
            submitted_date, submitted_date, charge
        from sent
        union all
        select source_system, claim_id, ack_status, ack_date, ack_date, charge
        from sent where ack_date is not null
        union all
        select source_system, claim_id,
            case when kind = 'reversal' then 'reversal' when is_denied then 'denial'
                when kind = 'secondary decision' then 'later decision' else 'decision' end,
            event_date, recorded_date, paid_amount
        from '{truth}/remit_claims.parquet'""",
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
        f"""select source_system, claim_id, open_amount, entry_count, age_days,
            {rules.priority_bucket("open_amount")},
            {rules.priority_score("open_amount", "entry_count", "age_days")}
        from (
            select *, date '{{as_of}}' - service_date as age_days
            from '{{truth}}/claims.parquet' where open_amount > 0
        )""",
    ),
    TruthCheck(
        "claims_overview",
        "Claims, dollars and entries of each month, payer and kind are as they truly were.",
        "mart_claims_overview",
        f"""select overview.service_month, facilities.source_system, payers.payer_id, service_type,
            sum(claim_count), sum(charge_amount), sum(payment_amount), sum(adjustment_amount),
            sum(outstanding_amount), sum(credit_amount), sum(transaction_count)
        from marts.mart_claims_overview as overview
        inner join marts.dim_facility as facilities using (facility_key)
        inner join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS}
        group by all""",
        """select cast(date_trunc('month', service_date) as date), source_system, payer_id,
            if(claim_form = 'P', 'professional', 'facility'), count(*), sum(charge_amount),
            sum(payer_paid_amount + patient_paid_amount),
            sum(contractual_amount + write_off_amount), sum(greatest(open_amount, 0)),
            sum(least(open_amount, 0)), sum(entry_count)
        from '{truth}/claims.parquet' group by all""",
    ),
]
