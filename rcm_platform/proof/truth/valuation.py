"""What each claim was worth at each month end, from what truly happened to it, as CTEs.

A claim is valued by where it stood at a month end: no running sums, so that it shares nothing with
the models but the definition.
"""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.decisions import IS_PRICED

#: Share → what is assumed of it before there is any history.
_SHARES = {
    "allowed": "assumed_allowed_percent",
    "owed": "assumed_patient_share_percent",
    "collected": "assumed_patient_collected_percent",
    "recovered": "assumed_denial_recovered_percent",
    "self": "assumed_self_pay_collected_percent",
}

_DENIAL = "('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF')"
_PATIENT = "('SMALL_BALANCE', 'BAD_DEBT', 'CHARITY', 'PROMPT_PAY_DISCOUNT')"
_ANSWERS = """('PAYER_PAYMENT', 'CONTRACTUAL', 'TRANSFER_TO_PATIENT', 'TRANSFER_TO_SECONDARY',
        'DENIAL_HOLD', 'UNCLASSIFIED_ADJUSTMENT')"""


def month_end(day: str) -> str:
    """The first month end from a day on, at most the as-of date; a day after that stays."""
    return f"greatest(least(last_day({day}), date '{{as_of}}'), {day})"


def _standing(moments: str) -> str:
    """A query: where the claims of a relation stood on its `day`, in cents."""

    def until(sign: str, condition: str, amount: str = "ar_amount") -> str:
        return f"""cast(100 * coalesce({sign}sum({amount}) filter ({condition}), 0) as bigint)"""

    return f"""select moments.source_system, moments.claim_id, moments.day, moments.month,
            {until("", "true")} as balance,
            {until("", "event_type like 'CHARGE%'")} as charge,
            {until("-", "event_type = 'CONTRACTUAL'")} as contractual,
            {until("-", "cash_amount <> 0 and ar_amount <> 0")} as paid,
            {until("-", "event_type in ('PATIENT_PAYMENT', 'REFUND')")} as patient_paid,
            {until("-", f"event_type in {_DENIAL}")} as denial_off,
            {until("-", f"event_type in {_PATIENT}")} as patient_off,
            {until("", "event_type = 'TRANSFER_TO_PATIENT'", "memo_amount")} as share,
            {until("", "event_type = 'DENIAL_HOLD'", "memo_amount")} as denied,
            bool_or(event_type in {_ANSWERS}) as is_answered,
            any_value(is_self_pay) as is_self_pay,
            case when any_value(is_self_pay) then greatest(balance, 0)
                when is_answered then
                    least(greatest(balance, 0), greatest(share - patient_paid - patient_off, 0))
                else 0 end as of_patient,
            case when is_answered then
                least(greatest(balance, 0) - of_patient, greatest(denied - denial_off, 0))
                else 0 end as of_denial,
            greatest(balance, 0) - of_patient - of_denial as undecided
        from {moments} as moments
        inner join accounts using (source_system, claim_id)
        inner join ledger on ledger.source_system = moments.source_system
            and ledger.claim_id = moments.claim_id and recorded_date <= moments.day
        group by moments.source_system, moments.claim_id, moments.day, moments.month"""


def _rate(share: str) -> str:
    """Millionths: of payer and service, else of the payer, its class, all, else assumed."""

    def learned(condition: str) -> str:
        kept = f"filter (share = '{share}' and {condition})"
        return f"""case when sum(lessons) {kept} >= {rules.parameter("history_claims")}
                then sum(outcome) {kept} / sum(base) {kept} end"""

    of_kind = "taught.category = asked.category"
    return f"""cast(1000000 * cast(round(coalesce(
            {learned(f"taught.payer_id = asked.payer_id and {of_kind}")},
            {learned("taught.payer_id = asked.payer_id")},
            {learned(f"taught.payer_class = asked.payer_class and {of_kind}")},
            {learned("true")},
            {rules.parameter(_SHARES[share])} / 100
        ), 6) as decimal(9, 6)) as bigint) as {share}_rate"""


def _part(cents: str, millionths: str) -> str:
    return f"sign({cents})::bigint * (abs({cents}) * {millionths} // 1000000)"


def _at(cents: str, value: str) -> str:
    """Dollars of charges at what was expected of the charges of their claim."""
    return f"coalesce(({cents}) * {value} // nullif(greatest(charges, 0), 0), 0)"


#: Common table expressions over the truth, that others are made with.
_FRAME = f"""
claims as (select * exclude (discharge_date) from '{{truth}}/claims.parquet'),
ledger as (
    select entries.*, payer_id, service_date
    from '{{truth}}/ledger_entries.parquet' as entries
    left join claims using (source_system, claim_id)
),
month_ends as (
    select month, least(last_day(month), date '{{as_of}}') as day,
        least(last_day(month), date '{{as_of}}')
            - cast(month - interval 2 month as date) + 1 as days
    from (
        select unnest(generate_series(
            (select date_trunc('month', min(event_date)) from ledger),
            timestamp '{{as_of}}', interval 1 month
        )) as month
    )
),
accounts as (
    select bills.source_system, bills.claim_id, payer_id, service_date,
        date_trunc('month', service_date) as service_month,
        coalesce(payer_class, 'Unknown') as payer_class,
        coalesce(payer_class, '') = 'Self-pay' as is_self_pay, {IS_PRICED} as is_priced,
        case when claim_form = 'P' then 'Professional'
            when encounter_type in ('Inpatient', 'Outpatient', 'Emergency') then encounter_type
            else 'Outpatient' end as category
    from claims as bills
    left join '{{truth}}/encounters.parquet' as visits
        on visits.source_system = bills.source_system
        and visits.encounter_id = bills.encounter_id
    left join '{{truth}}/payers.parquet' using (payer_id)
)"""

_MATURED = f"""
answered as (
    select source_system, claim_id, min(recorded_date) as day, null as month
    from ledger where event_type in {_ANSWERS} group by all
),
matured as (
    select source_system, claim_id, null as month,
        case when is_self_pay then service_date else answered.day end
            + cast({rules.parameter("history_maturity_days")} as integer) as day
    from accounts left join answered using (source_system, claim_id)
)"""

_LESSONS = f"""
at_answer as ({_standing("answered")}),
at_maturity as ({_standing("(from matured where day <= date '{as_of}')")}),
lessons as (
    select accounts.*, ripe.day, unnest([
        {{{{share: 'allowed', base: settled, outcome: settled - ripe.contractual,
            counts: insured and first.share < ripe.charge}}}},
        {{{{share: 'owed', base: settled - ripe.contractual, outcome: first.share,
            counts: insured and first.share < ripe.charge and not first.denied > 0}}}},
        {{{{share: 'collected', base: first.share, outcome: first.share - ripe.patient_off
            - ripe.of_patient - greatest(ripe.contractual - first.contractual, 0),
            counts: insured and first.share < ripe.charge and not first.denied > 0}}}},
        {{{{share: 'recovered', base: first.denied,
            outcome: first.denied - ripe.denial_off - payer_open, counts: insured}}}},
        {{{{share: 'self', base: ripe.charge, outcome: ripe.patient_paid, counts: not insured}}}}
    ]) as lesson
    from (
        select *, not is_self_pay as insured, of_denial + undecided as payer_open,
            charge - denial_off - of_denial - undecided as settled
        from at_maturity
    ) as ripe
    inner join accounts using (source_system, claim_id)
    left join at_answer as first using (source_system, claim_id)
)"""

_EXPECTED = f"""
taught as (
    select date_trunc('month', day) as month, payer_id, payer_class, category,
        lesson.share as share, count(*) as lessons,
        sum(cast(lesson.base * 0.01 as decimal(18, 2))) as base,
        sum(cast(
            least(greatest(lesson.outcome, 0), lesson.base) * 0.01 as decimal(18, 2)
        )) as outcome
    from lessons where lesson.counts and lesson.base > 0 group by all
),
history as (
    select asked.service_month, asked.payer_id, asked.category,
        {", ".join(map(_rate, _SHARES))}
    from (select distinct service_month, payer_id, payer_class, category from accounts) as asked
    left join taught on taught.month < asked.service_month
    group by asked.service_month, asked.payer_id, asked.category, asked.payer_class
),
charged as (
    select source_system, claim_id, line_id, cast(100 * sum(ar_amount) as bigint) as charge
    from ledger where event_type = 'CHARGE' group by all
),
expected_lines as (
    select charged.*, is_self_pay, owed_rate, recovered_rate, self_rate,
        case when is_self_pay then self_rate else collected_rate end as collected_rate,
        case when is_self_pay then charge
            when is_priced and charge > 0 and expected_amount is not null
                then cast(100 * expected_amount as bigint)
            else {_part("charge", "allowed_rate")} end as allowed,
        case when is_self_pay then allowed else {_part("allowed", "owed_rate")} end as owed
    from charged
    inner join accounts using (source_system, claim_id)
    inner join history on history.service_month = accounts.service_month
        and history.payer_id is not distinct from accounts.payer_id
        and history.category = accounts.category
    left join '{{truth}}/lines.parquet' as lines
        on lines.source_system = charged.source_system
        and lines.claim_id = charged.claim_id and lines.line_id = charged.line_id
)"""

#: A claim stands as it stood from one month in which something was recorded to the next.
_CHANGES = """(
        select distinct source_system, claim_id, month, day
        from ledger asof join month_ends on recorded_date <= day
    )"""

_VALUED = f"""
expected_claims as (
    select source_system, claim_id, sum(charge)::bigint as charges, sum(allowed)::bigint as allowed,
        sum(allowed - owed + {_part("owed", "collected_rate")})::bigint as worth,
        max(collected_rate) as collected_rate, max(recovered_rate) as recovered_rate,
        max(self_rate) as self_rate
    from expected_lines group by all
),
changed as ({_standing(_CHANGES)}),
valued as (
    select standing.month, standing.source_system, payer_id, claim_id, service_date, paid,
        balance, charge, share, of_patient, of_denial, undecided, is_answered, standing.is_self_pay,
        {_at("greatest(charge, 0)", "worth")} as expected,
        {_at("greatest(charge, 0)", "allowed")} as to_allow,
        {_at("greatest(denial_off, 0)", "worth")} as denial_write_off,
        case when is_answered and not standing.is_self_pay then greatest(share - to_allow, 0)
            else 0 end as uncovered,
        case when standing.day >= matured.day then 0
            else {_part("greatest(of_patient - uncovered, 0)", "collected_rate")}
            + {_part("least(of_patient, uncovered)", "self_rate")} end as patient_value,
        case when is_answered and not standing.is_self_pay then
            greatest(charge - contractual - greatest(denial_off, 0) - of_denial - undecided
                - uncovered, 0)
            + {_at("greatest(denial_off, 0) + of_denial + undecided", "allowed")} - to_allow
            else 0 end as payer_true_up,
        case when balance <= 0 then greatest(balance, -greatest(paid, 0))
            when standing.is_self_pay then patient_value
            when is_answered then patient_value
                + {_part(_at("of_denial", "worth"), "recovered_rate")}
                + {_at("undecided", "worth")}
            else greatest({_at("greatest(charge - denial_off - patient_off, 0)", "worth")}
                - paid, 0) end as net_balance,
        paid + net_balance as net
    from (
        select changed.* exclude (day, month), ends.month, ends.day
        from (
            select *, coalesce(lead(month) over claim, 'infinity') as until from changed
            window claim as (partition by source_system, claim_id order by month)
        ) as changed
        inner join month_ends as ends on ends.month >= changed.month and ends.month < until
    ) as standing
    inner join accounts using (source_system, claim_id)
    left join matured using (source_system, claim_id)
    left join expected_claims using (source_system, claim_id)
)"""

_EARNED = """
earned as (
    select month, source_system, payer_id,
        0.01 * (net - coalesce(lag(net) over claim, 0)) as net,
        0.01 * (denial_write_off - coalesce(lag(denial_write_off) over claim, 0))
            as denial_write_off
    from valued
    window claim as (partition by source_system, claim_id order by month)
)"""

#: Table → its query. Many checks begin with them, and they are most of the work: they are made once
#: for all, in this order, in a database of this name.
DATABASE = "valuation"
TABLES = {
    "lessons": f"with {_FRAME}, {_MATURED}, {_LESSONS} from lessons",
    "expected_lines": f"with {_FRAME}, lessons as (from {DATABASE}.lessons), {_EXPECTED} "
    "from expected_lines",
    "valued": f"with {_FRAME}, {_MATURED}, "
    f"expected_lines as (from {DATABASE}.expected_lines), {_VALUED} from valued",
    "earned": f"with valued as (from {DATABASE}.valued), {_EARNED} from earned",
}

#: `claims`, `ledger`, `month_ends`: the truth. `valued`: each claim and month end, its expected
#: net revenue until then, the true-up of what payers allowed, its net value in all (`net`), that of
#: its balance, and the net dollars that were written off for denials; all in cents. `earned`: what
#: these changed from month to month.
VALUATION = ",\n".join([_FRAME, *(f"{name} as (from {DATABASE}.{name})" for name in TABLES)])
