"""What leaders see: with its small cells merged, it sums to what truly was."""

from rcm_platform.proof.truth import data, denials, finance, forecast
from rcm_platform.proof.truth.compare import HOSPITALS, HOSPITALS_ALONE, TruthCheck


def _known(name: str) -> str:
    """The truth of what is merged, as a query."""
    modules = (data, denials, finance, forecast)
    return next(check.truth for module in modules for check in module.CHECKS if check.name == name)


CHECKS = [
    TruthCheck(
        "aging_scorecard",
        "What leaders see of open balances sums to what truly was open, and older than 90 days.",
        "mart_aging_scorecard",
        f"""select age_bucket = '90+', sum(open_amount) from marts.mart_aging_scorecard
        where {HOSPITALS_ALONE} group by all""",
        f"""select bucket = '90+', sum(open_amount)
        from ({_known("ar_aging")}) as known
            (month, day, source_system, payer_id, basis, bucket, open_count, open_amount)
        where basis = 'discharge' and open_amount > 0 and {HOSPITALS_ALONE} group by all""",
    ),
    TruthCheck(
        "charge_flow_scorecard",
        "What leaders see of claims on the way to cash sums to their charges and to what is open.",
        "mart_charge_flow_scorecard",
        f"""select sum(flow_amount), sum(flow_amount) filter (is_waiting)
        from marts.mart_charge_flow_scorecard
        where stage is distinct from 'not billed' and {HOSPITALS_ALONE}""",
        f"""select sum(charge_amount), sum(greatest(open_amount, 0))
        from '{{truth}}/claims.parquet'
        where {HOSPITALS_ALONE} and (
            open_amount <> 0
            or service_date >= date_trunc('month', date '{{as_of}}') - interval 11 month
        )""",
    ),
    TruthCheck(
        "margin_scorecard",
        "What leaders see of margins sums to the money and the cost that truly were.",
        "mart_margin_scorecard",
        f"""select sum(charge_amount), sum(net_revenue_amount), sum(cash_amount), sum(cost_amount),
            sum(margin_amount), sum(cash_margin_amount)
        from marts.mart_margin_scorecard where {HOSPITALS_ALONE}""",
        f"""select sum(charge), sum(net), sum(cash), sum(cost), sum(margin), sum(cash_margin)
        from ({_known("facility_margin")}) as known
            (source_system, month, visits, work, charge, net, cash, cost, margin, cash_margin)
        where {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "payer_scorecard",
        "What leaders see of payers sums to the money of the claims that truly were sent to them.",
        "mart_payer_scorecard",
        f"""select sum(charge_amount), sum(contractual_amount), sum(payer_paid_amount),
            sum(patient_paid_amount), sum(write_off_amount), sum(open_amount)
        from marts.mart_payer_scorecard where {HOSPITALS_ALONE}""",
        f"""with known as (
            from ({_known("payer_performance")}) as known
                (month, source_system, payer_id, claims, rejected, remitted, denied_at_first,
                denied, judged, passed, charge, expected, decided, allowed, contractual,
                payer_paid, patient_paid, write_off, underpaid, underpaid_lines, open_amount,
                denied_open, days, paid)
            where judged > 0
        )
        select sum(charge), sum(contractual), sum(payer_paid), sum(patient_paid), sum(write_off),
            sum(open_amount)
        from known
        where month > (select max(month) from known) - interval 12 month and {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "denial_scorecard",
        "What leaders see of denial causes sums to what truly was denied at first.",
        "mart_denial_scorecard",
        f"""select sum(denied_claim_count), sum(denied_amount), sum(recovered_amount),
            sum(written_off_amount)
        from marts.mart_denial_scorecard where {HOSPITALS_ALONE}""",
        f"""select sum(claims), sum(denied), sum(recovered), sum(written_off)
        from ({denials.INITIAL_DENIALS}) where {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "forecast_scorecard",
        "What leaders see of the forecast sums to what follows from what truly came before.",
        "mart_forecast_scorecard",
        f"""select scope, horizon_days, sum(forecast_amount)
        from marts.mart_forecast_scorecard where {HOSPITALS_ALONE} group by all""",
        f"""select scope, horizon, sum(forecast)
        from ({_known("cash_forecast")}) as known
            (scope, source_system, payer_id, horizon, day, claims, open_amount, forecast)
        where scope <> 'facility and payer' and {HOSPITALS_ALONE} group by all""",
    ),
    TruthCheck(
        "data_quality_scorecard",
        "Leaders see every rule that visits and billing transactions were asked.",
        "mart_data_quality_scorecard",
        f"""select source_system, rule_id from marts.mart_data_quality_scorecard
        where rule_id in ('Q7', 'Q11') and source_system in {HOSPITALS}""",
        f"""select source_system, rule_id
        from ({_known("quality_counts")}) as known (source_system, rule_id, checked)
        where checked > 0""",
    ),
]
