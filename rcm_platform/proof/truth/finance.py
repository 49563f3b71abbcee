"""The ledger and what is summed over it."""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck
from rcm_platform.proof.truth.costs import COST_SHARES, COSTS_OF_MONTHS, shared_costs
from rcm_platform.proof.truth.decisions import FIRST_DECISIONS, IS_PRICED
from rcm_platform.proof.truth.valuation import VALUATION, month_end

#: The month ends until the as-of date, as CTEs of a query on the truth.
_MONTH_ENDS = """month_ends as (
            select month, least(last_day(month), date '{as_of}') as balance_date
            from (
                select unnest(generate_series(
                    (
                        select date_trunc('month', least(min(recorded_date), min(event_date)))
                        from '{truth}/ledger_entries.parquet'
                    ),
                    timestamp '{as_of}', interval 1 month
                )) as month
            )
        )"""

#: Event type → whether it adds to receivables, in the order of the roll-forward.
_FLOWS = {
    "CHARGE": "", "CHARGE_CORRECTION": "", "CONTRACTUAL": "-", "PAYER_PAYMENT": "-",
    "PATIENT_PAYMENT": "-", "REFUND": "", "DENIAL_WRITE_OFF": "-", "ADMIN_WRITE_OFF": "-",
    "SMALL_BALANCE": "-", "BAD_DEBT": "-", "CHARITY": "-", "PROMPT_PAY_DISCOUNT": "-",
}  # fmt: skip
_CLASSES = {"charge": "", "contractual": "-", "payer": "-", "patient": "-", "write-off": "-"}


def _flows(in_month: str) -> str:
    """Columns: the amount of each event type of which `in_month` is true."""
    return ", ".join(
        f"coalesce({sign}sum(ar_amount) filter (event_type = '{kind}' and {in_month}), 0) as {kind}"
        for kind, sign in _FLOWS.items()
    )


def _unrecorded() -> str:
    """Columns by class: what had happened by the balance date, less what was recorded by then."""

    def until(sign: str, name: str, day: str) -> str:
        return f"""coalesce({sign}sum(ar_amount) filter (
            class = '{name}' and {day} <= balance_date
        ), 0)"""

    return ", ".join(
        f"""{until(sign, name, "event_date")} - {until(sign, name, "recorded_date")}
            as {name.replace("-", "_")}_late"""
        for name, sign in _CLASSES.items()
    )


#: What a claim's valuation changed by from month end to month end.
_CHANGES = ", ".join(
    f"{name} - coalesce(lag({name}) over payer, 0) as {name}"
    for name in ("expected", "payer_true_up", "net", "paid", "denial_write_off")
)

CHECKS = [
    TruthCheck(
        "ledger_entries",
        "Every ledger entry is one that truly happened, on its line and its day, with its amount.",
        "fct_ledger_entries",
        f"""select entries.source_system, claims.claim_id, lines.line_id, event_type, event_date,
            entries.recorded_date, ar_amount, cash_amount, memo_amount
        from marts.fct_ledger_entries as entries
        left join marts.fct_claims as claims on entries.claim_key = claims.claim_key
        left join marts.fct_claim_lines as lines
            on entries.claim_line_key = lines.claim_line_key
        where entries.source_system in {HOSPITALS}""",
        """select source_system, claim_id, line_id, event_type, event_date, recorded_date,
            ar_amount, cash_amount, memo_amount from '{truth}/ledger_entries.parquet'""",
    ),
    TruthCheck(
        "ar_aging",
        "Open and credit balances of every month end are as old as they truly were, on each basis.",
        "mart_ar_aging",
        f"""select balance_month, balance_date, facilities.source_system, payers.payer_id,
            age_basis, age_bucket, open_claim_count, open_amount, credit_claim_count, credit_amount
        from marts.mart_ar_aging
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {_MONTH_ENDS},
        balances as (
            select month, balance_date, source_system, claim_id, sum(ar_amount) as balance
            from (
                select source_system, claim_id, {month_end("recorded_date")} as recorded_date,
                    sum(ar_amount) as ar_amount
                from '{{truth}}/ledger_entries.parquet' group by all
            )
            inner join month_ends on recorded_date <= balance_date
            group by all having sum(ar_amount) <> 0
        ),
        last_bills as (
            select month, source_system, claim_id, max(submitted_date) as billed_date
            from '{{truth}}/submissions.parquet'
            inner join month_ends on submitted_date <= balance_date
            group by all
        ),
        discharges as (
            select source_system, encounter_id, discharge_date
            from '{{truth}}/encounter_status.parquet' where discharge_date is not null
        ),
        aged as (
            select balances.*, payer_id, unnest([
                {{{{basis: 'service', from_date: service_date}}}},
                {{{{
                    basis: 'discharge', from_date: coalesce(discharges.discharge_date, service_date)
                }}}},
                {{{{basis: 'last bill', from_date: billed_date}}}}
            ]) as age
            from balances
            inner join '{{truth}}/claims.parquet' as claims using (source_system, claim_id)
            left join last_bills using (month, source_system, claim_id)
            left join discharges using (source_system, encounter_id)
        )
        select cast(month as date), balance_date, source_system, payer_id, age.basis,
            case when age.from_date is null then 'unknown'
                when balance_date - age.from_date <= 30 then '0-30'
                when balance_date - age.from_date <= 60 then '31-60'
                when balance_date - age.from_date <= 90 then '61-90' else '90+' end,
            count(*) filter (balance > 0), coalesce(sum(balance) filter (balance > 0), 0),
            count(*) filter (balance < 0), coalesce(sum(balance) filter (balance < 0), 0)
        from aged group by all""",
    ),
    TruthCheck(
        "ar_rollforward",
        "What moved receivables in each month, and what the month end would be restated, is true.",
        "mart_ar_rollforward",
        f"""select ledger_month, facilities.source_system, payers.payer_id, opening_amount,
            charge_amount, charge_correction_amount, contractual_amount, payer_cash_amount,
            patient_cash_amount, refund_amount, denial_write_off_amount, admin_write_off_amount,
            small_balance_amount, bad_debt_amount, charity_amount, prompt_pay_discount_amount,
            closing_amount, open_amount, credit_amount, restated_closing_amount,
            unrecorded_charge_amount, unrecorded_contractual_amount, unrecorded_payer_cash_amount,
            unrecorded_patient_cash_amount, unrecorded_write_off_amount
        from marts.mart_ar_rollforward
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {_MONTH_ENDS},
        entries as (
            select source_system, payer_id, claim_id, event_type,
                {month_end("recorded_date")} as recorded_date,
                {month_end("event_date")} as event_date,
                case when event_type like 'CHARGE%' then 'charge'
                    when event_type = 'CONTRACTUAL' then 'contractual'
                    when event_type = 'PAYER_PAYMENT' then 'payer'
                    when event_type in ('PATIENT_PAYMENT', 'REFUND') then 'patient'
                    else 'write-off' end as class,
                sum(ar_amount) as ar_amount, count(*) as entry_count
            from '{{truth}}/ledger_entries.parquet' as entries
            inner join '{{truth}}/claims.parquet' using (source_system, claim_id)
            where ar_amount <> 0 group by all
        ),
        by_month_end as (
            select * exclude (claim_id, ar_amount, entry_count),
                sum(ar_amount) as ar_amount, sum(entry_count) as entry_count
            from entries group by all
        ),
        by_claim as (
            select source_system, payer_id, claim_id, recorded_date, sum(ar_amount) as ar_amount
            from entries group by all
        ),
        portfolios as (select distinct source_system, payer_id from entries),
        frames as (
            select month, cast(month as date) - 1 as opening_date, balance_date, source_system,
                payer_id
            from month_ends cross join portfolios
        ),
        claim_balances as (
            select month, source_system, payer_id, claim_id, sum(ar_amount) as balance
            from frames inner join by_claim using (source_system, payer_id)
            where recorded_date <= balance_date group by all
        ),
        ends as (
            select month, source_system, payer_id,
                sum(balance) filter (balance > 0) as open_amount,
                sum(balance) filter (balance < 0) as credit_amount
            from claim_balances group by all
        ),
        moved as (
            select month, source_system, payer_id,
                coalesce(sum(ar_amount) filter (recorded_date <= opening_date), 0) as opening,
                {_flows("recorded_date > opening_date and recorded_date <= balance_date")},
                coalesce(sum(ar_amount) filter (recorded_date <= balance_date), 0) as closing,
                coalesce(sum(ar_amount) filter (event_date <= balance_date), 0) as restated,
                {_unrecorded()},
                coalesce(sum(entry_count) filter (
                    recorded_date > opening_date and recorded_date <= balance_date
                ), 0) as entry_count
            from frames inner join by_month_end using (source_system, payer_id) group by all
        )
        select cast(month as date), source_system, payer_id,
            moved.* exclude (month, source_system, payer_id, restated, entry_count,
                charge_late, contractual_late, payer_late, patient_late, write_off_late),
            coalesce(open_amount, 0), coalesce(credit_amount, 0), restated, charge_late,
            contractual_late, payer_late, patient_late, write_off_late
        from moved left join ends using (month, source_system, payer_id)
        where entry_count > 0 or opening <> 0 or closing <> 0 or charge_late <> 0
            or contractual_late <> 0 or payer_late <> 0 or patient_late <> 0
            or write_off_late <> 0""",
    ),
    TruthCheck(
        "unexplained_deposits",
        "Every deposit whose remittance did not come in time is listed, open or settled.",
        "mart_data_exceptions",
        """select record_id, unmatched_bucket, finding_amount, found_date, resolved_date, is_open,
            age_days
        from marts.mart_data_exceptions where rule_id = 'R3' and source_system = 'treasury'""",
        """select deposit_id, 'deposit without a remittance', amount, deposit_date + 6,
            remits.arrival_date, remits.arrival_date is null,
            date '{as_of}' - (deposit_date + 6)
        from '{truth}/bank_deposits.parquet' as deposits
        left join '{truth}/remits.parquet' as remits
            on deposits.trace_number = remits.trace_number and hospital = facility_id
        where deposits.trace_number = remit_trace_number and date '{as_of}' - deposit_date > 5
            and (remits.arrival_date is null or remits.arrival_date - deposit_date > 5)""",
    ),
    TruthCheck(
        "remittances",
        "Every payment that truly was announced is there, with its trace number and its deposit.",
        "mart_cash_reconciliation",
        f"""select facilities.source_system, trace_number, payment_date, remitted_amount,
            deposited_amount, gl_amount, reconciliation_status <> 'unmatched'
        from marts.mart_cash_reconciliation
        inner join marts.dim_facility as facilities using (facility_key)
        where facilities.source_system in {HOSPITALS}""",
        """select source_system, remits.trace_number, payment_date, payment_amount, deposits.amount,
            booked.amount, (remits.source_system, remits.trace_number) not in (
                select (source_system, record_id) from '{truth}/faults.parquet'
                where detector in ('R1', 'R2', 'R5')
            )
        from '{truth}/remits.parquet' as remits
        left join '{truth}/bank_deposits.parquet' as deposits
            on remits.trace_number = deposits.remit_trace_number and facility_id = deposits.hospital
        left join '{truth}/gl_postings.parquet' as booked
            on remits.trace_number = booked.remit_trace_number and facility_id = booked.hospital""",
    ),
    TruthCheck(
        "underpayments",
        "Each decided line is held against what its contract truly owes, by the first decision.",
        "fct_underpayments",
        f"""select lines.source_system, claim_id, line_id, charge_amount, expected_amount,
            allowed_amount, paid_amount, denied_amount, variance_amount, tolerance_amount,
            is_denied, is_underpaid, underpaid_amount, payment_date, recorded_date, payers.payer_id
        from marts.fct_underpayments as lines
        inner join marts.dim_payer as payers using (payer_key)
        where lines.source_system in {HOSPITALS}""",
        f"""with {FIRST_DECISIONS},
        compared as (
            select decided.*, lines.charge_amount as line_charge_amount, payer_id,
                decided.expected_amount - allowed_amount as variance,
                {rules.tolerance("decided.expected_amount")} as tolerance
            from first_lines as decided
            inner join '{{truth}}/lines.parquet' as lines using (source_system, claim_id, line_id)
            inner join '{{truth}}/claims.parquet' as claims using (source_system, claim_id)
            where {IS_PRICED}
        )
        select source_system, claim_id, line_id, line_charge_amount, expected_amount,
            allowed_amount, paid_amount, denied_amount, variance,
            cast(tolerance as decimal(18, 2)), denied_amount > 0,
            denied_amount = 0 and variance > tolerance,
            case when denied_amount = 0 and variance > tolerance then variance else 0 end,
            event_date, recorded_date, payer_id
        from compared""",
    ),
    TruthCheck(
        "payer_performance",
        "What each payer was sent, answered, allowed, paid and kept back is as it truly was.",
        "mart_payer_performance",
        f"""select submitted_month, facilities.source_system, payers.payer_id, claim_count,
            rejected_claim_count, remitted_claim_count, initially_denied_claim_count,
            denied_claim_count, first_pass_judged_count, first_pass_count, charge_amount,
            expected_amount, decided_expected_amount, allowed_amount, contractual_amount,
            payer_paid_amount, patient_paid_amount, write_off_amount, underpaid_amount,
            underpaid_line_count, open_amount, denied_open_amount, first_payment_days,
            first_payment_count
        from marts.mart_payer_performance
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {FIRST_DECISIONS},
        lines as (
            select *, denied_amount = 0 and expected_amount - allowed_amount
                > {rules.tolerance("expected_amount")} as is_under
            from first_lines
            semi join '{{truth}}/lines.parquet' using (source_system, claim_id, line_id)
            semi join (
                select * from '{{truth}}/claims.parquet' where {IS_PRICED}
            ) using (source_system, claim_id)
        ),
        sums as (
            select source_system, claim_id,
                sum(expected_amount) as all_expected, sum(allowed_amount) as all_allowed,
                sum(expected_amount) filter (denied_amount = 0) as decided_expected,
                sum(allowed_amount) filter (denied_amount = 0) as allowed,
                sum(expected_amount - allowed_amount) filter (is_under) as under,
                count(*) filter (is_under) as under_count
            from lines group by all
        ),
        expectations as (
            select source_system, claim_id, sum(expected_amount) as expected
            from '{{truth}}/lines.parquet' group by all
        ),
        answers as (
            select source_system, claim_id,
                arg_max(is_denied, (recorded_date, event_date)) as is_denied
            from '{{truth}}/remit_claims.parquet' where kind <> 'reversal' group by all
        ),
        claims as (
            select *,
                {rules.is_closed("first_submitted_date", "first_pass_maturity_days")} as is_judged,
                first_payer_payment_date - first_submitted_date as days
            from '{{truth}}/claims.parquet'
            left join sums using (source_system, claim_id)
            left join expectations using (source_system, claim_id)
            left join answers using (source_system, claim_id)
            where first_submitted_date is not null
        )
        select cast(date_trunc('month', first_submitted_date) as date), source_system, payer_id,
            count(*), count(*) filter (first_ack_status = 'rejected'), count(first_remit_date),
            count(*) filter (is_denied_on_first_remit), count(*) filter (is_ever_denied),
            count(*) filter (is_judged),
            count(*) filter (
                is_judged and first_ack_status is distinct from 'rejected'
                and first_remit_date is not null and not is_denied_on_first_remit
                and coalesce({rules.is_paid_as_expected("all_allowed", "all_expected")}, true)
            ),
            sum(charge_amount), coalesce(sum(expected) filter (payer_id <> 'SELF'), 0),
            coalesce(sum(decided_expected), 0), coalesce(sum(allowed), 0), sum(contractual_amount),
            sum(payer_paid_amount), sum(patient_paid_amount), sum(write_off_amount),
            coalesce(sum(under), 0), coalesce(sum(under_count), 0), sum(open_amount),
            coalesce(sum(open_amount) filter (open_amount > 0 and is_denied), 0),
            coalesce(sum(days), 0), count(days)
        from claims group by all""",
    ),
    TruthCheck(
        "facility_margin",
        "Each facility's work, charges, net revenue, cash, cost and margin are as they truly were.",
        "mart_facility_margin",
        f"""select facilities.source_system, activity_month, encounter_count,
            coalesce(work_rvu, 0), charge_amount, net_revenue_amount, cash_amount, cost_amount,
            margin_amount, cash_margin_amount
        from marts.mart_facility_margin
        inner join marts.dim_facility as facilities using (facility_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {VALUATION}, parts as (
            select source_system, date_trunc('month', event_date) as month,
                sum(ar_amount) filter (
                    event_type in ('CHARGE', 'CHARGE_CORRECTION') and event_date <= date '{{as_of}}'
                ) as charge,
                sum(cash_amount) as cash
            from '{{truth}}/ledger_entries.parquet' group by all
            union all by name
            select source_system, month, sum(net) as net from earned group by all
            union all by name
            select source_system, date_trunc('month', encounter_date) as month,
                count(*) as visits, sum(work_rvu) as work
            from '{{truth}}/encounters.parquet' group by all
            union all by name
            select source_system, month, cost_amount as cost
            from '{{truth}}/facility_costs.parquet'
            inner join (
                select distinct source_system, facility_id from '{{truth}}/encounters.parquet'
            ) using (facility_id)
        ),
        sums as (
            select source_system, month, coalesce(sum(visits), 0) as visits,
                coalesce(sum(work), 0) as work, coalesce(sum(charge), 0) as charge,
                coalesce(sum(net), 0) as net, coalesce(sum(cash), 0) as cash, sum(cost) as cost
            from parts group by all
        )
        select source_system, cast(month as date), visits, work, charge, net, cash, cost,
            net - cost, cash - cost
        from sums
        where visits <> 0 or work <> 0 or charge <> 0 or net <> 0 or cash <> 0
            or cost is not null""",
    ),
    TruthCheck(
        "net_revenue",
        "Net revenue, as reported and restated, and the net receivables are what truly follows.",
        "mart_net_revenue",
        f"""select revenue_month, facilities.source_system, payers.payer_id, expected_amount,
            payer_true_up_amount, net_revenue_amount, cash_amount, net_denial_write_off_amount,
            closing_net_receivable_amount, restated_expected_amount,
            restated_payer_true_up_amount, restated_net_revenue_amount
        from marts.mart_net_revenue
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS} and (
            expected_amount <> 0 or payer_true_up_amount <> 0 or net_revenue_amount <> 0
            or cash_amount <> 0 or net_denial_write_off_amount <> 0
            or closing_net_receivable_amount <> 0 or restated_expected_amount <> 0
            or restated_payer_true_up_amount <> 0 or restated_net_revenue_amount <> 0
        )""",
        f"""with {VALUATION},
        ends as (
            select month, source_system, payer_id, 0.01 * sum(expected) as expected,
                0.01 * sum(payer_true_up) as payer_true_up, 0.01 * sum(net) as net,
                0.01 * sum(paid) as paid, 0.01 * sum(denial_write_off) as denial_write_off,
                0.01 * sum(net_balance) as closing
            from valued group by all
        ),
        reported as (
            select month, source_system, payer_id, closing,
                {_CHANGES}
            from ends window payer as (partition by source_system, payer_id order by month)
        ),
        restated as (
            select date_trunc('month', service_date) as month, source_system, payer_id,
                0.01 * sum(expected) as expected, 0.01 * sum(payer_true_up) as payer_true_up,
                0.01 * sum(net) as net
            from valued inner join month_ends using (month) where day = date '{{as_of}}'
            group by all
        )
        select cast(month as date), source_system, payer_id, coalesce(reported.expected, 0),
            coalesce(reported.payer_true_up, 0), coalesce(reported.net, 0),
            coalesce(reported.paid, 0), coalesce(reported.denial_write_off, 0),
            coalesce(closing, 0), coalesce(restated.expected, 0),
            coalesce(restated.payer_true_up, 0), coalesce(restated.net, 0)
        from reported full join restated using (month, source_system, payer_id)
        where closing <> 0 or reported.expected <> 0 or reported.payer_true_up <> 0
            or reported.net <> 0 or reported.paid <> 0 or restated.expected <> 0
            or restated.payer_true_up <> 0 or restated.net <> 0
            or reported.denial_write_off <> 0""",
    ),
    TruthCheck(
        "procedure_profitability",
        "Each procedure's units, work, charges, cash and allowed dollars are as they truly were.",
        "mart_procedure_profitability",
        f"""select facilities.source_system, activity_month, procedure_code, units,
            coalesce(work_rvu, 0), charge_line_count, charge_amount, allowed_amount,
            contractual_amount, denied_amount, patient_responsibility_amount, write_off_amount,
            cash_amount
        from marts.mart_procedure_profitability
        inner join marts.dim_facility as facilities using (facility_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {FIRST_DECISIONS},
        codes as (
            select source_system, claim_id, line_id, any_value(procedure_code) as procedure_code
            from (
                select source_system, claim_id, line_id, procedure_code
                from '{{truth}}/lines.parquet'
                union all
                -- of a stranger's room the payer quotes a revenue code, which is no procedure
                select source_system, claim_id, line_id,
                    case when kind = 'stranger' and starts_with(procedure_code, 'RB')
                        then null else procedure_code end
                from '{{truth}}/remit_lines.parquet'
            ) group by all
        ),
        entries as (
            select source_system, date_trunc('month', coalesce(service_date, event_date)) as month,
                procedure_code, entries.*
            from '{{truth}}/ledger_entries.parquet' as entries
            left join (
                select source_system, claim_id, service_date from '{{truth}}/claims.parquet'
            ) using (source_system, claim_id)
            left join codes using (source_system, claim_id, line_id)
        ),
        parts as (
            select source_system, month, procedure_code,
                count(*) filter (event_type = 'CHARGE') as charge_lines,
                sum(ar_amount) filter (event_type in ('CHARGE', 'CHARGE_CORRECTION')) as charge,
                sum(-ar_amount) filter (event_type = 'CONTRACTUAL') as contractual,
                sum(memo_amount) filter (event_type = 'DENIAL_HOLD') as denied,
                sum(memo_amount) filter (event_type = 'TRANSFER_TO_PATIENT') as patient,
                sum(-ar_amount) filter (event_type in (
                    'DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF', 'SMALL_BALANCE', 'BAD_DEBT', 'CHARITY',
                    'PROMPT_PAY_DISCOUNT'
                )) as write_off,
                sum(cash_amount) as cash
            from entries group by all
            union all by name
            select source_system, date_trunc('month', service_date) as month,
                codes.procedure_code, sum(allowed_amount) as allowed
            from first_lines
            inner join codes using (source_system, claim_id, line_id)
            inner join '{{truth}}/claims.parquet' as claims using (source_system, claim_id)
            group by all
            union all by name
            -- work is known from the day on which it is coded, its charge perhaps later
            select source_system, date_trunc('month', encounter_date) as month, procedure_code,
                sum(units) as units, sum(lines.work_rvu) as work
            from '{{truth}}/../happened/lines.parquet' as lines
            inner join '{{truth}}/encounters.parquet' as encounters
                using (source_system, encounter_id)
            where work_date <= date '{{as_of}}'
            group by all
        )
        select source_system, cast(month as date), procedure_code, coalesce(sum(units), 0),
            coalesce(sum(work), 0), coalesce(sum(charge_lines), 0), coalesce(sum(charge), 0),
            coalesce(sum(allowed), 0), coalesce(sum(contractual), 0), coalesce(sum(denied), 0),
            coalesce(sum(patient), 0), coalesce(sum(write_off), 0), coalesce(sum(cash), 0)
        from parts group by all""",
    ),
    TruthCheck(
        "procedure_costs",
        "What all procedures bear and what met no service are the general ledger's cost.",
        "mart_procedure_profitability",
        shared_costs("mart_procedure_profitability", "allocated_cost_amount"),
        COSTS_OF_MONTHS,
    ),
    TruthCheck(
        "department_costs",
        "Each department's cost stands beside the charges and the work that truly bore it.",
        "mart_department_costs",
        f"""select facilities.source_system, activity_month,
            if(costs.department_name = 'Of no single department', 'all', department_id),
            service_type, cost_amount, allocated_cost_amount, unallocated_cost_amount,
            charge_amount, work_rvu
        from marts.mart_department_costs as costs
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_department using (department_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {COST_SHARES}
        select source_system, month, department_id, service_type, cost_amount,
            if(whole_base > 0, cost_amount, 0.00), if(whole_base > 0, 0.00, cost_amount),
            coalesce(sum(charge), 0), sum(work)
        from shares group by all""",
    ),
]
