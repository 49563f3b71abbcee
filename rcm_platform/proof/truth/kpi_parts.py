"""Every KPI, its numerator and its denominator, by month, hospital and payer: a query each.

A query gives (month, source_system, payer_id, numerator, denominator) in as many rows as it likes;
they are summed. A KPI of the registry without a query here has no proof, and a test says so.
"""

from __future__ import annotations

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.decisions import IS_PRICED
from rcm_platform.proof.truth.valuation import VALUATION

#: What several queries build on, as CTEs.
_BASE = f"""
{VALUATION},
balances as (
    select month, day, days, source_system, claim_id, 0.01 * balance as balance
    from valued inner join month_ends using (month) where balance <> 0
),
stays as (
    select source_system, encounter_id, discharge_date
    from '{{truth}}/encounter_status.parquet' where discharge_date is not null
),
aged as (
    select balances.*, payer_id, day - coalesce(discharge_date, service_date) as age
    from balances
    inner join claims using (source_system, claim_id)
    left join stays using (source_system, encounter_id)
),
flows as (
    select date_trunc('month', event_date) as month, source_system, payer_id,
        sum(ar_amount) filter (event_type in ('CHARGE', 'CHARGE_CORRECTION')) as gross,
        sum(cash_amount) filter (
            event_type in ('PAYER_PAYMENT', 'PATIENT_PAYMENT', 'REFUND')
        ) as cash
    from ledger where event_date <= date '{{as_of}}' group by all
    union all by name
    select month, source_system, payer_id, sum(net) as net from earned group by all
),
histories as (
    select source_system, min(month) as first_month from flows group by all
),
windows as (
    select month_ends.month, source_system, payer_id,
        sum(gross) filter (flows.month > month_ends.month - interval 3 month) as gross,
        sum(net) filter (flows.month > month_ends.month - interval 3 month) as net,
        sum(net) filter (flows.month < month_ends.month) as net_before
    from month_ends inner join flows
        on flows.month between month_ends.month - interval 3 month and month_ends.month
    group by all
),
lines as (
    select lines.*, payer_id, first_submitted_date, first_remit_date, discharge_date,
        greatest(lines.service_date, coalesce(discharge_date, lines.service_date))
            as last_service_date
    from '{{truth}}/lines.parquet' as lines
    inner join claims using (source_system, claim_id)
    left join stays on stays.source_system = lines.source_system
        and stays.encounter_id = lines.encounter_id
),
decisions as (
    select remits.*, claims.payer_id as claim_payer_id, coalesce(denied, 0) as denied,
        row_number() over (
            partition by source_system, claim_id, interim_bill
            order by recorded_date, event_date
        ) as number,
        row_number() over (
            partition by source_system, claim_id, interim_bill
            order by recorded_date desc, event_date desc
        ) as from_last
    from (
        -- the payer decides each interim bill by itself
        select *,
            case when kind = 'interim decision' then concat(event_date, charge_amount) end
                as interim_bill
        from '{{truth}}/remit_claims.parquet'
    ) as remits
    inner join claims using (source_system, claim_id)
    left join (
        select source_system, claim_id, event_date, recorded_date, sum(amount) as denied
        from '{{truth}}/denial_events.parquet' group by all
    ) using (source_system, claim_id, event_date, recorded_date)
    where kind not in ('reversal', 'secondary decision')
),
first_lines as (
    select remit_lines.*, claim_payer_id,
        {rules.tolerance("remit_lines.expected_amount")} as tolerance
    from '{{truth}}/remit_lines.parquet' as remit_lines
    inner join (
        select distinct source_system, claim_id, kind, event_date, recorded_date, claim_payer_id
        from decisions where number = 1
    ) as decisions using (source_system, claim_id, kind, event_date, recorded_date)
    inner join (select * from lines where {IS_PRICED}) as lines
        using (source_system, claim_id, line_id)
),
first_allowed as (
    select source_system, claim_id,
        {rules.is_paid_as_expected("sum(allowed_amount)", "sum(expected_amount)")}
            as is_paid_as_expected
    from first_lines group by all
),
last_answers as (
    select source_system, claim_id, arg_max(is_denied, (recorded_date, event_date)) as is_denied
    from '{{truth}}/remit_claims.parquet' where kind <> 'reversal' group by all
),
given_up as (
    select source_system, claim_id, sum(-ar_amount) as amount
    from ledger where event_type in ('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF') group by all
),
checks as (
    select source_system, encounter_id, min(payor_id) as payor_id,
        bool_or(payor_id = 'SELF') as found_nothing, bool_or(status = 'Active') as is_active
    from '{{truth}}/eligibility_checks.parquet' where encounter_id is not null group by all
),
asked as (
    select source_system, encounter_id, bool_or(status = 'Approved') as is_approved
    from '{{truth}}/authorizations.parquet' group by all
),
refused as (
    select distinct source_system, encounter_id
    from '{{truth}}/denial_events.parquet' inner join claims using (source_system, claim_id)
    where category = 'Authorization'
),
visits as (
    select encounters.*, coalesce(bills.payer_id, payor_id) as payer_id,
        checks.encounter_id is not null as is_checked, coalesce(is_active, false) as is_verified,
        asked.encounter_id is not null or refused.encounter_id is not null as needs_leave,
        coalesce(is_approved, false) as is_approved, coalesce(bills.is_paid, false) as is_paid,
        coalesce(bills.is_self_pay, false) or coalesce(found_nothing, false) as is_self_pay
    from '{{truth}}/encounters.parquet' as encounters
    left join (
        select source_system, encounter_id, min(payer_id) as payer_id,
            bool_or(payer_id = 'SELF') as is_self_pay,
            bool_or(payer_id <> 'SELF' and first_payer_payment_date is not null) as is_paid
        from claims group by all
    ) as bills using (source_system, encounter_id)
    left join checks using (source_system, encounter_id)
    left join asked using (source_system, encounter_id)
    left join refused using (source_system, encounter_id)
),
usual as (
    select source_system, encounter_type,
        cast(sum(charge_amount) * 100 as bigint) // count(*) * 0.01 as charge_amount
    from '{{truth}}/encounters.parquet' where charge_amount > 0 group by all
),
-- of ended visits the charges that are posted later, or never yet
unbilled as (
    select source_system, payer_id, discharge_date, arrival_date as billed_date, charge_amount
    from lines where discharge_date is not null
    union all
    select source_system, payer_id, stays.discharge_date, null, coalesce(usual.charge_amount, 0)
    from visits
    inner join stays using (source_system, encounter_id)
    left join usual using (source_system, encounter_type)
    where not exists (
        from claims where claims.source_system = visits.source_system
            and claims.encounter_id = visits.encounter_id
    )
),
waiting as (
    select month, source_system, payer_id, charge_amount * days as dollar_days,
        true as is_unbilled
    from unbilled inner join month_ends
        on discharge_date <= day and coalesce(billed_date, date '9999-12-31') > day
    union all
    select month, source_system, payer_id, charge_amount * days, false
    from lines inner join month_ends
        on arrival_date <= day
        and coalesce(least(first_submitted_date, first_remit_date), date '9999-12-31') > day
    where payer_id <> 'SELF'
),
exports as (
    select *, case when payor_id = '10045' then '10005' else payor_id end as payer_id
    from '{{truth}}/billing_exports.parquet'
    qualify row_number() over (
        partition by source_system, claim_id order by arrival_date desc
    ) = 1
)
"""


def _authorized(kind: str) -> str:
    return f"""select encounter_date, source_system, payer_id, cast(is_approved as int), 1
        from visits where needs_leave and encounter_type {kind} 'Inpatient'"""


def _aged(days: int) -> str:
    return f"""select month, source_system, payer_id,
            case when age > {days} then balance else 0 end, balance from aged where balance > 0"""


def _dollar_days(condition: str) -> str:
    return f"""select month, source_system, payer_id, sum(dollar_days), 0
        from waiting where {condition} group by all
        union all select month, source_system, payer_id, 0, gross from windows"""


def _over_three_months(balance: str, source: str) -> str:
    return f"""select parts.* from (
            select month, source_system, payer_id, {balance} * days, 0 from {source}
            union all select month, source_system, payer_id, 0, net from windows
        ) as parts inner join histories using (source_system)
        where month >= first_month + interval 2 month"""


def _written_off(event_type: str) -> str:
    return f"""select event_date, source_system, payer_id, -ar_amount, 0 from ledger
        where event_type = '{event_type}' and event_date <= date '{{as_of}}'
        union all select month, source_system, payer_id, 0, gross from flows"""


def _share(status: str) -> str:
    return f"""select claim_date, source_system, payer_id,
            cast(claim_status = '{status}' as int), 1 from exports"""


FAMILIES: dict[str, dict[str, str]] = {
    "front_end": {
        "pre_registration_rate": """select scheduled_date, source_system, payer_id,
                cast(exists (
                    from '{truth}/eligibility_checks.parquet' as made
                    where made.source_system = appointments.source_system
                        and made.appointment_id = appointments.appointment_id
                        and check_date < scheduled_date
                ) as int), 1
            from '{truth}/appointments.parquet' as appointments
            inner join visits using (source_system, encounter_id) where status = 'Completed'""",
        "insurance_verification_rate": """select encounter_date, source_system, payer_id,
                cast(is_verified as int), 1 from visits""",
        "authorization_rate_inpatient": _authorized("="),
        "authorization_rate_outpatient": _authorized("<>"),
        "uninsured_conversion_rate": """select encounter_date, source_system, payer_id,
                cast(is_paid or exists (
                    from '{truth}/eligibility_checks.parquet' as later
                    where later.source_system = visits.source_system
                        and later.encounter_id = visits.encounter_id
                        and status = 'Active' and check_date > encounter_date
                ) as int), 1
            from visits where is_self_pay and not exists (
                from '{truth}/eligibility_checks.parquet' as made
                where made.source_system = visits.source_system
                    and made.encounter_id = visits.encounter_id
                    and status = 'Active' and check_date <= encounter_date
            )""",
        "point_of_service_cash_rate": """select event_date, source_system, payer_id,
                case when event_date <= service_date then cash_amount else 0 end, cash_amount
            from ledger where event_type in ('PATIENT_PAYMENT', 'REFUND')""",
    },
    "charge_capture": {
        "dnfb_days": _dollar_days("is_unbilled"),
        "fbns_days": _dollar_days("not is_unbilled"),
        "dnsp_days": _dollar_days("true"),
        "charge_lag_days": """select arrival_date, source_system, payer_id,
                arrival_date - service_date, 1 from lines""",
        "late_charge_rate": f"""select arrival_date, source_system, payer_id,
                case when arrival_date - last_service_date > {rules.parameter("late_charge_days")}
                    then charge_amount else 0 end, charge_amount from lines""",
    },
    "denials": {
        "clean_claim_rate": """select first_submitted_date, source_system, payer_id,
                cast(first_ack_status = 'accepted' and (
                    select count(*) from '{truth}/submissions.parquet' as sent
                    where sent.source_system = claims.source_system
                        and sent.claim_id = claims.claim_id
                        and frequency_code not in ('3', '4')
                        and (first_remit_date is null or submitted_date < first_remit_date)
                ) <= 1 as int), 1
            from claims where first_submitted_date is not null and first_ack_status is not null""",
        "front_end_rejection_rate": """select first_submitted_date, source_system, payer_id,
                cast(first_ack_status = 'rejected' as int), 1
            from claims where first_submitted_date is not null and first_ack_status is not null""",
        "first_pass_yield": f"""select first_submitted_date, source_system, payer_id,
                cast(first_ack_status is distinct from 'rejected'
                    and first_remit_date is not null and not is_denied_on_first_remit
                    and coalesce(is_paid_as_expected, true) as int), 1
            from claims left join first_allowed using (source_system, claim_id)
            where {rules.is_closed("first_submitted_date", "first_pass_maturity_days")}""",
        "denial_rate_claims": """select date_trunc('month', recorded_date) as month, source_system,
                claim_payer_id, max(cast(is_denied as int)), 1
            from decisions group by month, source_system, claim_payer_id, claim_id""",
        "denial_rate_dollars": """select date_trunc('month', recorded_date) as month, source_system,
                claim_payer_id, max(denied), max(charge_amount)
            from decisions
            group by month, source_system, claim_payer_id, claim_id, interim_bill""",
        "initial_denial_rate": """select first_remit_date, source_system, payer_id,
                cast(is_denied_on_first_remit as int), 1
            from claims where first_remit_date is not null""",
        "initial_denial_rate_dollars": """select recorded_date, source_system, claim_payer_id,
                denied, charge_amount from decisions where number = 1""",
        "final_denial_rate": f"""select first_remit_date, source_system, payer_id,
                cast(is_ever_denied and coalesce(amount, 0) > 0 as int), 1
            from claims left join given_up using (source_system, claim_id)
            where {rules.is_closed("first_remit_date", "denial_maturity_days")}""",
        "overturn_rate": """select last.recorded_date, last.source_system, last.claim_payer_id,
                greatest(first.denied - last.denied, 0), first.denied
            from decisions as first inner join decisions as last
                on first.source_system = last.source_system and first.claim_id = last.claim_id
                and first.interim_bill is not distinct from last.interim_bill
            where first.number = 1 and first.is_denied and last.from_last = 1
                and last.number > 1""",
    },
    "collections": {
        "days_to_first_payment": """select first_payer_payment_date, source_system, payer_id,
                first_payer_payment_date - first_submitted_date, 1 from claims
            where first_payer_payment_date is not null and first_submitted_date is not null""",
        "net_patient_service_revenue": """select month, source_system, payer_id, net, null
            from earned""",
        "net_collection_rate": f"""select service_date, source_system, payer_id,
                0.01 * paid, 0.01 * (expected + payer_true_up)
            from valued inner join month_ends using (month)
            where day = date '{{as_of}}'
                and {rules.is_closed("service_date", "collection_maturity_days")}""",
        "gross_collection_rate": f"""select service_date, source_system, payer_id,
                payer_paid_amount + patient_paid_amount, charge_amount
            from claims
            where {rules.is_closed("service_date", "collection_maturity_days")}""",
        "denial_write_off_rate": """select month, source_system, payer_id,
                denial_write_off, net from earned""",
        "bad_debt_rate": _written_off("BAD_DEBT"),
        "charity_rate": _written_off("CHARITY"),
        "cash_rate_of_net_revenue": """select parts.* from (
                select month, source_system, payer_id, 3 * cash, 0 from flows
                union all select month, source_system, payer_id, 0, net_before from windows
            ) as parts inner join histories using (source_system)
            where month >= first_month + interval 3 month""",
        "cost_to_collect": f"""select work_date, source_system, null,
                minutes * {rules.parameter("work_minute_cost")}, 0
            from '{{truth}}/work_log.parquet'
            union all select month, source_system, null, 0, cash from flows""",
    },
    "receivables": {
        "ar_over_30_rate": _aged(30),
        "ar_over_60_rate": _aged(60),
        "ar_over_90_rate": _aged(90),
        "ar_over_120_rate": _aged(120),
        "credit_balance_days": _over_three_months("-balance", "aged where balance < 0"),
        "net_receivables": """select month, source_system, payer_id, 0.01 * net_balance, null
            from valued""",
        "net_days_in_ar": _over_three_months(
            "0.01 * net_balance", "valued inner join month_ends using (month)"
        ),
        "dollars_at_risk": f"""select date '{{as_of}}', source_system, payer_id, open_amount, null
            from claims left join last_answers using (source_system, claim_id)
            where open_amount > 0
                and (coalesce(is_denied, false) or date '{{as_of}}' - service_date
                    > {rules.parameter("at_risk_age_days")})""",
    },
    "contracts": {
        "underpayment_rate": """select recorded_date, source_system, claim_payer_id,
                greatest(expected_amount - allowed_amount - tolerance, 0),
                expected_amount
            from first_lines where denied_amount = 0""",
        "underpaid_dollars": """select recorded_date, source_system, claim_payer_id,
                expected_amount - allowed_amount, null
            from first_lines
            where denied_amount = 0 and expected_amount - allowed_amount > tolerance""",
    },
    "productivity": {
        "collections_per_wrvu": """select event_date, source_system, null, cash_amount, 0
            from ledger
            semi join (from '{truth}/claims.parquet' where claim_form = 'P') as own
                using (source_system, claim_id)
            union all select encounter_date, source_system, null, 0, work_rvu
            from '{truth}/encounters.parquet'""",
        "cost_per_wrvu": """with costs as (
                select distinct costs.month, costs.department_id, source_system, cost_amount
                from '{truth}/facility_costs.parquet' as costs
                inner join '{truth}/encounters.parquet' using (facility_id)
                where service_type = 'professional'
            )
            select month, source_system, null, cost_amount, 0 from costs
            union all select encounter_date, source_system, null, 0, work_rvu
            from '{truth}/encounters.parquet'
            semi join costs on costs.source_system = encounters.source_system
                and costs.month = date_trunc('month', encounter_date)""",
    },
    "reference": {
        "s1_denial_rate": """select service_date, source_system, payer_id,
                cast(open_amount > 0 and coalesce(is_denied, false) as int), 1
            from claims left join last_answers using (source_system, claim_id)""",
        "s1_collection_rate": """select service_date, source_system, payer_id,
                payer_paid_amount + patient_paid_amount, charge_amount from claims""",
        "s2_outstanding": """select service_date, source_system, payer_id, open_amount, null
            from claims where open_amount > 0""",
        "s2_high_priority_count": f"""select date '{{as_of}}', source_system, payer_id, 1, null
            from claims where open_amount > {rules.HIGH_BALANCE}""",
        "s3_first_pass_yield": """select first_submitted_date, source_system, payer_id,
                cast(open_amount <= 0 and not is_ever_denied
                    and first_ack_status is distinct from 'rejected' as int), 1
            from claims where first_submitted_date is not null""",
        "s3_denial_rate": """select first_submitted_date, source_system, payer_id,
                cast(is_ever_denied as int), 1
            from claims where first_submitted_date is not null""",
        "s3_adjustment_impact": """select event_date, source_system, payer_id, amount, null
            from '{truth}/denial_events.parquet' inner join claims using (source_system, claim_id)
            """,
        "s4_collection_rate": """select claim_date, source_system, payer_id,
                coalesce(paid_amount, 0), claim_amount from exports""",
        "s4_approved_share": _share("Approved"),
        "s4_paid_share": _share("Paid"),
        "s4_partially_paid_share": _share("Partially Paid"),
        "s4_pending_share": _share("Pending"),
        "s4_denied_share": _share("Denied"),
        "s4_rejected_share": _share("Rejected"),
        "s4_coverage_rate": """select service_date, source_system, payer_id,
                payer_paid_amount, charge_amount from claims""",
    },
}


NOT_EMPTY = "(numerator <> 0 or coalesce(denominator, 0) <> 0)"


def _known() -> str:
    """Both parts of each KPI as they truly were, as a query on the truth."""
    truths = " union all ".join(
        f"""select '{kpi}' as kpi, * from ({query})
        as known (month, source_system, payer_id, numerator, denominator)"""
        for queries in FAMILIES.values()
        for kpi, query in queries.items()
    )
    return f"""with {_BASE}, known as ({truths})
        select kpi, cast(date_trunc('month', month) as date) as month, source_system, payer_id,
            cast(sum(numerator) as decimal(18, 2)) as numerator,
            cast(sum(denominator) as decimal(18, 2)) as denominator
        from known group by all having {NOT_EMPTY}"""


#: Table → its query, made once as those of `valuation`, and after them.
TABLES = {"known_kpis": _known()}
