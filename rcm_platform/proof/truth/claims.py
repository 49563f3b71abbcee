"""The story of each claim, and the cash that it brought."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck

CHECKS = [
    TruthCheck(
        "claim_activities",
        "What happened to every claim, when and about how many dollars, is as it truly was.",
        "fct_claim_activities",
        f"""select source_system, claim_id, activity_type, activity_date, recorded_date,
            event_count, amount
        from marts.fct_claim_activities where source_system in {HOSPITALS}""",
        """with activities as (
            select source_system, claim_id, submitted_date as day, submitted_date as known,
                charge_amount as amount,
                case when kind = 'secondary' then 'billed to next payer'
                    when kind = 'replacement' then 'replaced' when kind = 'void' then 'voided'
                    when kind = 'corrected' then 'resubmitted' else 'submitted' end as activity
            from '{truth}/submissions.parquet'
            union all by name
            select source_system, claim_id, ack_date as day, ack_date as known, 0 as amount,
                case when ack_status = 'rejected' then 'rejected' else 'acknowledged' end
                    as activity
            from '{truth}/submissions.parquet' where ack_date is not null
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                paid_amount as amount,
                case when kind = 'reversal' then 'reversed' else 'decided' end as activity
            from '{truth}/remit_claims.parquet'
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                paid_amount as amount, 'paid' as activity
            from '{truth}/remit_claims.parquet' where paid_amount > 0
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                paid_amount as amount, 'payment taken back' as activity
            from '{truth}/remit_claims.parquet' where paid_amount < 0
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                cash_amount as amount,
                case when event_type = 'REFUND' then 'refunded' else 'patient paid' end as activity
            from '{truth}/ledger_entries.parquet' where event_type in ('PATIENT_PAYMENT', 'REFUND')
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                ar_amount as amount, 'charge corrected' as activity
            from '{truth}/ledger_entries.parquet' where event_type = 'CHARGE_CORRECTION'
            union all by name
            select source_system, claim_id, event_date as day, recorded_date as known,
                -ar_amount as amount, 'written off' as activity
            from '{truth}/ledger_entries.parquet'
            where event_type in ('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF', 'SMALL_BALANCE', 'BAD_DEBT',
                'CHARITY', 'PROMPT_PAY_DISCOUNT')
            union all by name
            select source_system, claim_id, work_date as day, arrival_date as known, 0 as amount,
                'denial worked' as activity
            from '{truth}/work_log.parquet' where activity = 'Denial Work'
        ),
        netted as (
            select source_system, claim_id, 'patient billed' as activity, event_date as day,
                recorded_date as known, sum(memo_amount) as amount
            from '{truth}/ledger_entries.parquet' where event_type = 'TRANSFER_TO_PATIENT'
            group by all having sum(memo_amount) > 0
            union all
            select d.source_system, d.claim_id, 'denied', d.event_date, d.recorded_date,
                sum(d.amount)
            from '{truth}/denial_events.parquet' as d group by all
        )
        select source_system, claim_id, activity, day, known, count(*),
            cast(sum(amount) as decimal(18, 2))
        from activities group by all
        union all
        select source_system, claim_id, activity, day, known, 1, amount from netted""",
    ),
    TruthCheck(
        "collections",
        "The cash of every claim and day, from payers and patients, is what truly came.",
        "fct_collections",
        f"""select collections.source_system, claims.claim_id, collection_date,
            collections.recorded_date, collected_from = 'patient', sum(collected_amount)
        from marts.fct_collections as collections
        left join marts.fct_claims as claims using (claim_key)
        where collections.source_system in {HOSPITALS}
        group by all having sum(collected_amount) <> 0""",
        """select source_system, claim_id, event_date, recorded_date,
            event_type in ('PATIENT_PAYMENT', 'REFUND'), sum(cash_amount)
        from '{truth}/ledger_entries.parquet' group by all having sum(cash_amount) <> 0""",
    ),
    TruthCheck(
        "cleared_collections",
        "What counts as cleared is what truly reached the bank.",
        "fct_collections",
        f"""select source_system, trace_number, sum(cleared_amount) <> 0
        from marts.fct_collections
        where source_system in {HOSPITALS} and trace_number is not null group by all
        having sum(collected_amount) <> 0""",
        """select remits.source_system, remits.trace_number,
            bool_or(deposits.amount is not null)
        from '{truth}/remits.parquet' as remits
        left join '{truth}/bank_deposits.parquet' as deposits
            on remits.trace_number = deposits.remit_trace_number and facility_id = hospital
        -- of a payment whose only claim is held nothing is posted yet
        where payment_amount <> 0 and remits.source_file in (
            select source_file from '{truth}/remit_claims.parquet'
            union all select source_file from '{truth}/provider_adjustments.parquet'
        )
        group by all""",
    ),
    TruthCheck(
        "tuva_medical_claims",
        "Every line that a payer has decided is exported once, with its final dollars.",
        "mart_tuva_medical_claim",
        f"""select data_source, claim_id, claim_line_number, claim_type, hcpcs_code,
            claim_line_start_date, paid_date, paid_amount, allowed_amount, charge_amount,
            coinsurance_amount, copayment_amount, deductible_amount, total_cost_amount
        from marts.mart_tuva_medical_claim where data_source in {HOSPITALS}""",
        """with voided as (
            select source_system, claim_id from '{truth}/submissions.parquet'
            group by all having arg_max(frequency_code, attempt) = '8'
        ),
        claims as (
            select * from '{truth}/claims.parquet'
            anti join voided using (source_system, claim_id) where first_remit_date is not null
        ),
        decided as (
            select source_system, claim_id, max(event_date) as paid_date
            from '{truth}/remit_claims.parquet' group by all
        ),
        corrections as (
            select source_system, claim_id, sum(ar_amount) as amount
            from '{truth}/ledger_entries.parquet' where event_type = 'CHARGE_CORRECTION'
            group by all
        ),
        levels as (
            select source_system, claim_id, line_id, kind = 'secondary decision' as is_later,
                sum(paid_amount) as paid, sum(allowed_amount) as allowed,
                sum(coinsurance_amount) as coinsurance, sum(copay_amount) as copay,
                sum(deductible_amount) as deductible
            from '{truth}/remit_lines.parquet' group by all
        ),
        net as (
            select source_system, claim_id, line_id, sum(paid) as paid,
                coalesce(sum(allowed) filter (not is_later), 0) as allowed,
                arg_max(coinsurance, is_later) as coinsurance, arg_max(copay, is_later) as copay,
                arg_max(deductible, is_later) as deductible
            from levels group by all
        ),
        lines as (
            select source_system, claim_id, line_id, procedure_code, service_date, charge_amount
            from '{truth}/lines.parquet'
            union all
            -- a stranger's claim is known from its remittance alone
            select source_system, claim_id, line_id, procedure_code, service_date,
                r.charge_amount
            from '{truth}/remit_lines.parquet' as r
            inner join '{truth}/claims.parquet' as c using (source_system, claim_id)
            where is_stranger
        ),
        numbered as (
            select *, row_number() over (
                partition by source_system, claim_id order by line_id
            ) as line_number
            from lines
        )
        select source_system, claim_id, line_number,
            -- the form is that of an 837, which may come after the decision
            case when first_submitted_date is null then 'undetermined'
                when claim_form = 'P' then 'professional' else 'institutional' end,
            case when procedure_code not like 'RB%' then procedure_code end, l.service_date,
            paid_date, coalesce(paid, 0), coalesce(allowed, 0),
            l.charge_amount
                + case when line_number = 1 then coalesce(corrections.amount, 0) else 0 end,
            coalesce(coinsurance, 0), coalesce(copay, 0), coalesce(deductible, 0),
            coalesce(allowed, 0)
        from claims
        inner join decided using (source_system, claim_id)
        inner join numbered as l using (source_system, claim_id)
        left join net using (source_system, claim_id, line_id)
        left join corrections using (source_system, claim_id)""",
    ),
]
