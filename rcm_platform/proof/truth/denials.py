"""What became of denials, what work on claims is worth, and what each order of work would bring.

The rules (points, costs, deadlines, settings) are those of the seeds; every fact is the world's.
"""

from rcm_platform.proof.truth import rules
from rcm_platform.proof.truth.compare import HOSPITALS, HOSPITALS_ALONE, TruthCheck
from rcm_platform.proof.truth.valuation import VALUATION

#: Each claim that a payer denied, to its end. In the world a remittance claim has one denial reason
#: and a payer answers once, about all that it had denied.
_DENIALS = """
    decisions as (
        select * from '{truth}/remit_claims.parquet' where kind <> 'reversal'
    ),
    first_denials as (
        select source_system, claim_id, min(recorded_date) as denied_date
        from decisions where is_denied group by all
    ),
    denied_amounts as (
        select source_system, claim_id, recorded_date, any_value(category) as category,
            any_value(group_code) as group_code, sum(amount) as amount
        from '{truth}/denial_events.parquet' group by all
    ),
    flows as (
        select source_system, claim_id, coalesce(sum(cash_amount) filter (
                event_type = 'PAYER_PAYMENT' and recorded_date > denied_date
            ), 0) as recovered_amount,
            coalesce(-sum(ar_amount) filter (
                event_type = 'CONTRACTUAL' and recorded_date > denied_date
            ), 0) as contractual_amount,
            coalesce(-sum(ar_amount) filter (
                event_type in ('DENIAL_WRITE_OFF', 'ADMIN_WRITE_OFF')
                and recorded_date >= denied_date
            ), 0) as written_off_amount
        from first_denials
        inner join '{truth}/ledger_entries.parquet' using (source_system, claim_id)
        group by all
    ),
    denials as (
        select source_system, claim_id, claims.payer_id, work.payer_class, claims.service_date,
            claims.is_denied_on_first_remit as is_initial, first_denials.denied_date,
            initial.category, initial.group_code, initial.amount as denied_amount,
            case when work.action_date >= first_denials.denied_date then work.action
                else 'none' end as action,
            case when work.action_date >= first_denials.denied_date then work.action_date
            end as action_date,
            answers.recorded_date as decided_date,
            case when answers.recorded_date is not null then work.outcome end as decision,
            answers.paid_amount as decision_paid_amount,
            case when answers.recorded_date is null then initial.amount
                else coalesce(remaining.amount, 0) end as still_denied_amount,
            recovered_amount, flows.contractual_amount, flows.written_off_amount,
            claims.open_amount, dept_id
        from first_denials
        inner join '{truth}/claims.parquet' as claims using (source_system, claim_id)
        inner join '{truth}/denial_work.parquet' as work using (source_system, claim_id)
        inner join flows using (source_system, claim_id)
        inner join denied_amounts as initial
            on initial.source_system = first_denials.source_system
            and initial.claim_id = first_denials.claim_id
            and initial.recorded_date = first_denials.denied_date
        left join decisions as answers
            on answers.source_system = first_denials.source_system
            and answers.claim_id = first_denials.claim_id
            and answers.kind = 'second decision'
            and answers.recorded_date > first_denials.denied_date
        left join denied_amounts as remaining
            on remaining.source_system = answers.source_system
            and remaining.claim_id = answers.claim_id
            and remaining.recorded_date = answers.recorded_date
        left join '{truth}/providers.parquet' as providers
            on providers.source_system = claims.source_system
            and providers.provider_id = claims.provider_id
    ),
    -- a payer takes a denial back as a whole or not at all: what is won is paid, taken off by
    -- contract or left to the patient; what is lost is written off, the patient's or open, but for
    -- what the patient had paid
    funnel as (
        select *, denied_amount - still_denied_amount as overturned_amount,
            case when group_code = 'PR' then 0
                else least(still_denied_amount - written_off_amount, greatest(open_amount, 0))
            end as open_denied_amount,
            denied_amount - recovered_amount - contractual_amount - written_off_amount
                - open_denied_amount as patient_amount
        from denials
    )"""

#: What could be known of the odds on each day: the month ends and the as-of date.
_ODDS = """
    last_acks as (
        select source_system, claim_id, arg_max(ack_status, (ack_date, attempt)) as ack_status,
            max(ack_date) as ack_date
        from '{truth}/submissions.parquet' where ack_status is not null group by all
    ),
    classes as (
        select payer_id, payer_class from '{truth}/payers.parquet'
    ),
    days as (
        select cast(month as date) as month,
            least(last_day(month), date '{as_of}') as day,
            last_day(month) >= date '{as_of}' as is_current
        from (select unnest(generate_series(
            (select date_trunc('month', min(recorded_date))
                from '{truth}/ledger_entries.parquet'),
            timestamp '{as_of}', interval 1 month
        )) as month)
    ),
    prior as (
        select cast(setting_value as double) as claims from seeds.work_settings
        where setting = 'odds_prior_claims'
    ),
    counted as (
        select day, cells.category, cells.payer_class,
            count(decided.claim_id) filter (decided.decision = 'overturned') as won,
            count(decided.claim_id) as decided,
            coalesce(sum(decided.denied_amount) filter (decided.decision = 'overturned'), 0)
                as won_amount,
            coalesce(sum(decided.decision_paid_amount) filter (decided.decision = 'overturned'), 0)
                as paid_amount
        from days cross join (select distinct category, payer_class from denials) as cells
        left join denials as decided
            on decided.category = cells.category and decided.payer_class = cells.payer_class
            and decided.decided_date <= day
        group by all
    ),
    overall as (
        select day, (sum(won) + 1.0) / (sum(decided) + 2.0) as odds,
            coalesce(sum(paid_amount) / nullif(sum(won_amount), 0), 1.0) as paid_share
        from counted group by day
    ),
    by_category as (
        select day, category,
            (sum(won) + any_value(prior.claims) * any_value(odds))
                / (sum(decided) + any_value(prior.claims)) as odds
        from counted inner join overall using (day) cross join prior group by all
    ),
    by_class as (
        select day, payer_class,
            (
                sum(won) * coalesce(
                    sum(paid_amount) / nullif(sum(won_amount), 0), any_value(paid_share)
                ) + any_value(prior.claims) * any_value(paid_share)
            ) / (sum(won) + any_value(prior.claims)) as paid_share
        from counted inner join overall using (day) cross join prior group by all
    ),
    odds as (
        select day, category, payer_class,
            cast((won + prior.claims * by_category.odds) / (decided + prior.claims)
                as decimal(9, 4)) as odds,
            cast(by_class.paid_share as decimal(9, 4)) as paid_share
        from counted inner join by_category using (day, category)
        inner join by_class using (day, payer_class) cross join prior
    ),
    transfers as (
        select source_system, claim_id, sum(memo_amount) as transferred
        from '{truth}/ledger_entries.parquet' where event_type = 'TRANSFER_TO_PATIENT' group by all
    ),
    -- what patients were asked to pay for a claim, by cover and size
    bills as (
        select source_system, claim_id, service_date, payer_class = 'Self-pay' as is_self_pay,
            case when amount > 5000 then 4 when amount > 1000 then 3 when amount > 200 then 2
                else 1 end as size
        from (
            select *,
                if(payer_class = 'Self-pay', charge_amount, coalesce(transferred, 0)) as amount
            from '{truth}/claims.parquet' left join classes using (payer_id)
            left join transfers using (source_system, claim_id)
        )
    ),
    patient_outcomes as (
        select source_system, claim_id, coalesce(is_self_pay, false) as is_self_pay,
            coalesce(size, 1) as size, date_trunc('month', recorded_date) as month,
            case when recorded_date - service_date > 240 then 4
                when recorded_date - service_date > 120 then 3
                when recorded_date - service_date > 60 then 2 else 1 end as age,
            sum(if(event_type in ('PATIENT_PAYMENT', 'REFUND'), cash_amount, 0)) as paid,
            sum(if(event_type in ('PATIENT_PAYMENT', 'REFUND'), 0, -ar_amount)) as given_up
        from '{truth}/ledger_entries.parquet' left join bills using (source_system, claim_id)
        where event_type in ('PATIENT_PAYMENT', 'REFUND', 'BAD_DEBT', 'CHARITY',
            'SMALL_BALANCE', 'PROMPT_PAY_DISCOUNT')
        group by all
    ),
    patient_cells as (
        select days.day, cells.*, ages.age, count(done.source_system) as outcomes,
            coalesce(sum(paid), 0) as paid, coalesce(sum(given_up), 0) as given_up
        from days cross join (
            select source_system, is_self_pay, size
            from (select distinct source_system from patient_outcomes),
                (select unnest([true, false]) as is_self_pay),
                (select unnest([1, 2, 3, 4]) as size)
        ) as cells
        cross join (select unnest([1, 2, 3, 4]) as age) as ages
        left join patient_outcomes as done on done.source_system = cells.source_system
            and done.is_self_pay = cells.is_self_pay and done.size = cells.size
            and done.age >= ages.age and done.month <= days.day
        group by all
    ),
    system_odds as (
        select day, source_system, least(greatest(coalesce(
            sum(paid) / nullif(sum(paid + given_up), 0), 0), 0), 1) as system_odds
        from patient_cells where age = 1 group by all
    ),
    patient_odds as (
        select day, source_system, is_self_pay, size, age, min(cast((
            outcomes * least(greatest(coalesce(
                paid / nullif(paid + given_up, 0), system_odds), 0), 1)
            + prior.claims * system_odds) / (outcomes + prior.claims) as decimal(9, 4))
        ) over (partition by day, source_system, is_self_pay, size order by age) as odds
        from patient_cells inner join system_odds using (day, source_system) cross join prior
    ),
    rejection_odds as (
        select cast(coalesce(avg(case when payer_paid_amount > 0 then 1.0 else 0.0 end), 0)
                as decimal(9, 4)) as odds,
            cast(coalesce(sum(payer_paid_amount) / nullif(
                sum(charge_amount) filter (payer_paid_amount > 0), 0
            ), 0) as decimal(9, 4)) as paid_share
        from '{truth}/claims.parquet'
        where first_ack_status = 'rejected' and first_remit_date is not null
    ),
    settings as (
        select cast(max(setting_value) filter (setting = 'silent_days') as integer) as silent_days,
            cast(max(setting_value) filter (setting = 'answer_known_days') as integer)
                as answer_known_days,
            cast(max(setting_value) filter (setting = 'due_soon_days') as integer)
                as due_soon_days
        from seeds.work_settings
    ),
    sent as (
        select payer_class, first_remit_date is not null as is_decided,
            case when payer_paid_amount > 0 then payer_paid_amount end as paid_amount,
            last_acks.ack_status is distinct from 'rejected'
                and date '{as_of}' - first_submitted_date >= answer_known_days
                and coalesce(first_remit_date, date '{as_of}') - first_submitted_date > silent_days
                as is_silent
        from '{truth}/claims.parquet' as claims cross join settings
        left join classes using (payer_id) left join last_acks using (source_system, claim_id)
    ),
    by_payers as (
        select payer_class, count(*) filter (is_decided or paid_amount > 0) as decided,
            count(paid_amount) as paid, count(*) filter (is_silent) as silent,
            count(*) filter (is_silent and not is_decided and paid_amount is null) as unanswered
        from sent group by all
    ),
    by_all_payers as (
        select (sum(paid) + 1.0) / (sum(decided) + 2.0) as odds,
            (sum(unanswered) + 1.0) / (sum(silent) + 2.0) as lost from by_payers
    ),
    payment_odds as (
        select payer_class,
            cast((paid + prior.claims * odds) / (decided + prior.claims) as decimal(9, 4)) as odds,
            cast((unanswered + prior.claims * lost) / (silent + prior.claims) as decimal(9, 4))
                as lost
        from by_payers cross join by_all_payers cross join prior
    )"""

#: How often patients paid bills of a kind, as `patient_odds`, as CTEs.
PATIENT_ODDS = f"{_DENIALS}, {_ODDS}"

#: The claims of the queue on each day: all open ones today, denied ones at past month ends.
_QUEUE = f"""
    net_balances as (
        with {VALUATION}
        select source_system, claim_id, cast(net_balance * 0.01 as decimal(18, 2)) as net_amount
        from valued where month = date_trunc('month', date '{{as_of}}')
    ),
    balances as (
        select day, is_current, source_system, claim_id, sum(ar_amount) as open_amount,
            count(*) as entry_count,
            coalesce(sum(memo_amount) filter (event_type = 'TRANSFER_TO_PATIENT'), 0)
                as patient_amount
        from '{{truth}}/ledger_entries.parquet' inner join days on recorded_date <= day
        where claim_id is not null group by all having sum(ar_amount) > 0
    ),
    -- of what is held in quarantine the truth knows nothing: it stood in the files, whole
    held as (
        select source_system, claim_id, recoverable_amount as held_amount
        from marts.mart_claim_priority_queue where next_best_action = 'load the held remittance'
    ),
    last_remits as (
        -- what takes a decision back is none
        select source_system, claim_id, max(recorded_date) as last_remit_date
        from '{{truth}}/remit_claims.parquet' where kind <> 'reversal' group by all
    ),
    standing as (
        select balances.*, claims.service_date, claims.payer_id, classes.payer_class,
            denials.* exclude (source_system, claim_id, payer_id, payer_class, service_date,
                open_amount),
            denials.denied_date <= day and (
                denials.decision is distinct from 'overturned' or denials.decided_date > day
            ) as is_denied,
            claims.first_remit_date, claims.submission_count, last_acks.ack_status, held_amount,
            case when denials.action_date <= day then day - denials.action_date when is_current
                then day - greatest(first_submitted_date, last_acks.ack_date, last_remit_date)
            end as quiet_days
        from balances
        inner join '{{truth}}/claims.parquet' as claims using (source_system, claim_id)
        left join classes using (payer_id)
        left join last_acks using (source_system, claim_id)
        left join last_remits using (source_system, claim_id)
        left join denials using (source_system, claim_id)
        left join held on held.source_system = if(is_current, balances.source_system, null)
            and held.claim_id = balances.claim_id
    ),
    planned as (
        select * replace (coalesce(is_denied, false) as is_denied),
            case
                when held_amount is not null then 'load the held remittance'
                when is_denied and group_code = 'PR' then 'bill patient'
                when is_denied and decided_date <= day then 'write off'
                when is_denied and action_date <= day and quiet_days <= silent_days
                    then 'wait for the payer'
                when is_denied and action_date <= day then 'follow up with the payer'
                when is_denied then default_action
                when first_remit_date is not null and open_amount <= patient_amount
                    then 'bill patient'
                when first_remit_date is null and ack_status = 'rejected'
                    then 'resubmit corrected'
                when payer_class = 'Self-pay' then 'bill patient'
                when first_remit_date is null and ack_status is null and submission_count = 0
                    then 'submit claim'
                when quiet_days <= silent_days then 'wait for the payer'
                else 'follow up with the payer'
            end as plan
        from standing cross join settings
        left join seeds.denial_categories as categories using (category)
        where is_current or is_denied
    ),
    dated as (
        select planned.*, case deadline
            when 'appeal' then denied_date + appeal_window_days
            when 'filing' then service_date + filing_limit_days
            when 'filing or appeal' then greatest(
                denied_date + appeal_window_days, service_date + filing_limit_days
            ) end as deadline_date
        from planned inner join seeds.work_actions as actions on plan = actions.action
        left join seeds.payer_deadlines using (payer_class)
    ),
    timely as (
        select *, case when deadline_date < day then 'write off' else plan end as asked from dated
    ),
    valued as (
        select timely.*, actions.work_minutes as asked_minutes, cost_amount as asked_cost,
            cast(case asked
                when 'write off' then 0
                when 'wait for the payer' then 0
                when 'load the held remittance' then 1
                when 'bill patient' then coalesce(patient_odds.odds, 0.5)
                when 'submit claim' then payment_odds.odds
                when 'follow up with the payer' then if(is_current, lost, 0)
                    * if(is_denied, odds.odds, payment_odds.odds)
                else if(is_denied, odds.odds, rejection_odds.odds)
            end as decimal(9, 4)) as asked_odds,
            cast(coalesce(case
                when asked = 'bill patient' then open_amount
                when asked = 'load the held remittance' then held_amount
                when is_denied then least(denied_amount, open_amount) * odds.paid_share
                when asked = 'resubmit corrected' or plan = 'resubmit corrected'
                    then open_amount * rejection_odds.paid_share
                else net_amount
            end, 0) as decimal(18, 2)) as gain
        from timely
        inner join seeds.work_actions as actions on asked = actions.action
        left join bills using (source_system, claim_id)
        left join net_balances using (source_system, claim_id)
        cross join rejection_odds
        left join odds using (day, category, payer_class)
        left join payment_odds using (payer_class)
        left join patient_odds on patient_odds.day = timely.day
            and patient_odds.source_system = timely.source_system
            and patient_odds.is_self_pay = bills.is_self_pay and patient_odds.size = bills.size
            and patient_odds.age = case when timely.day - timely.service_date > 240 then 4
                when timely.day - timely.service_date > 120 then 3
                when timely.day - timely.service_date > 60 then 2 else 1 end
    ),
    chosen as (
        select *, case
            when asked_odds * gain >= asked_cost then asked
            when asked = 'follow up with the payer' then 'wait for the payer'
            else 'write off' end as next_action
        from valued
    ),
    queue as (
        select chosen.*, actions.worklist, actions.work_minutes, actions.cost_amount,
            if(next_action = asked, asked_odds, 0) as odds,
            cast(if(next_action = asked, asked_odds, 0) * gain - actions.cost_amount
                as decimal(18, 2)) as expected_value
        from chosen inner join seeds.work_actions as actions on next_action = actions.action
    )"""

_SCORE = rules.priority_score("open_amount", "entry_count", "(day - service_date)")

#: The claims that were denied at first, together.
INITIAL_DENIALS = f"""with {_DENIALS}
    select count(*) as claims, sum(denied_amount) as denied, sum(recovered_amount) as recovered,
        sum(written_off_amount) as written_off
    from denials where is_initial"""

CHECKS = [
    TruthCheck(
        "denial_trends",
        "Each month's denials end as they truly did: overturned, recovered, written off or open.",
        "mart_denial_trends",
        f"""select denied_month, facilities.source_system, payer_id, department_id,
            denial_category, group_code,
            trends.* exclude (
                denied_month, facility_key, payer_key, department_key, denial_category, group_code
            )
        from marts.mart_denial_trends as trends
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer using (payer_key)
        left join marts.dim_department using (department_key)
        where facilities.source_system in {HOSPITALS}""",
        f"""with {_DENIALS}
        select cast(date_trunc('month', denied_date) as date), source_system, payer_id, dept_id,
            category, group_code, count(*), count(*) filter (is_initial),
            count(*) filter (still_denied_amount > 0),
            count(*) filter (action = 'replacement'), count(*) filter (action = 'appeal'),
            count(decision), count(*) filter (decision = 'overturned'), 0,
            count(*) filter (decision = 'upheld'),
            count(*) filter (decision is distinct from 'overturned' and written_off_amount > 0),
            count(*) filter (decision is distinct from 'overturned' and written_off_amount = 0
                and group_code = 'PR'),
            count(*) filter (decision is distinct from 'overturned' and written_off_amount = 0
                and group_code <> 'PR'),
            sum(denied_amount), sum(still_denied_amount), sum(overturned_amount),
            sum(recovered_amount), sum(contractual_amount), sum(written_off_amount), 0,
            sum(patient_amount), sum(open_denied_amount),
            coalesce(sum(decided_date - denied_date), 0)
        from funnel group by all""",
    ),
    TruthCheck(
        "denial_causes",
        "The top categories of each month are those that truly were.",
        "mart_denial_causes",
        f"""select denied_month, source_system, denial_category, category_rank, denied_claim_count,
            denied_amount, overturned_amount, recovered_amount, contractual_amount,
            written_off_amount, withdrawn_amount, patient_amount, open_amount
        from marts.mart_denial_causes
        inner join marts.dim_facility using (facility_key) where source_system in {HOSPITALS}""",
        f"""with {_DENIALS},
        summed as (
            select cast(date_trunc('month', denied_date) as date) as denied_month, source_system,
                category, count(*) as claims, sum(denied_amount) as denied,
                sum(overturned_amount) as overturned, sum(recovered_amount) as recovered,
                sum(contractual_amount) as contractual, sum(written_off_amount) as written_off,
                sum(patient_amount) as patient, sum(open_denied_amount) as open
            from funnel group by all
        )
        select denied_month, source_system, category,
            row_number() over (
                partition by denied_month, source_system order by denied desc, category
            ), claims, denied, overturned, recovered, contractual, written_off, 0, patient, open
        from summed""",
    ),
    TruthCheck(
        "expected_values",
        "What work on each open claim is worth follows from what truly became of others before.",
        "mart_claim_priority_queue",
        f"""select source_system, claim_id, worklist, next_best_action, deadline_date,
            days_to_deadline, recovery_odds, recoverable_amount, work_minutes, work_cost_amount,
            expected_value_amount
        from marts.mart_claim_priority_queue where source_system in {HOSPITALS}""",
        f"""with {_DENIALS}, {_ODDS}, {_QUEUE}
        select source_system, claim_id, worklist, next_action, deadline_date,
            deadline_date - day, odds, gain, work_minutes, cost_amount, expected_value
        from queue where is_current""",
    ),
    TruthCheck(
        "worklists",
        "Each role's list holds the claims of its work in the order that their true worth gives.",
        "mart_worklists",
        f"""select source_system, item_id, worklist, row_number() over (
                partition by source_system, worklist order by list_position
            ), is_due_soon, expected_value_amount
        from marts.mart_worklists
        where item_type = 'claim' and list_position is not null
            and source_system in {HOSPITALS}""",
        f"""with {_DENIALS}, {_ODDS}, {_QUEUE},
        due as (
            select queue.*, coalesce(deadline_date >= day and expected_value > 0
                and deadline_date - day <= due_soon_days, false) as is_due_soon
            from queue where is_current
        )
        select source_system, claim_id, worklist, row_number() over (
                partition by source_system, worklist
                order by not is_due_soon, expected_value desc, open_amount desc,
                    md5(source_system || '|' || claim_id)
            ), is_due_soon, expected_value
        from due
        -- a payer that still has time is no work; nor is what people put off for a day, of which
        -- the world knows nothing
        where next_action <> 'wait for the payer' and (source_system, claim_id) not in (
            select (source_system, item_id) from marts.mart_worklists
            where waiting_until_date is not null
        )""",
    ),
    TruthCheck(
        "queue_reasons",
        "Each claim's reasons are those of its true balance, entries, age and value.",
        "mart_claim_priority_reasons",
        f"""select source_system, claim_id, sum(points), sum(value_amount)
        from marts.mart_claim_priority_reasons
        inner join marts.fct_claims using (claim_key)
        where source_system in {HOSPITALS} group by all""",
        f"""with {_DENIALS}, {_ODDS}, {_QUEUE}
        select source_system, claim_id, {_SCORE}, expected_value from queue where is_current""",
    ),
    TruthCheck(
        "queue_mix",
        "The queue is made of what truly is open.",
        "mart_queue_mix",
        f"""select cut, bucket, claim_count, outstanding_amount, worthwhile_amount, entropy_bits
        from marts.mart_queue_mix
        where {HOSPITALS_ALONE}""",
        f"""with {_DENIALS}, {_ODDS}, {_QUEUE},
        cuts as (
            select 'age bucket' as cut, case when day - service_date <= 30 then '0-30'
                    when day - service_date <= 60 then '31-60'
                    when day - service_date <= 90 then '61-90' else '90+' end as bucket,
                open_amount, expected_value
            from queue where is_current
            union all
            select 'priority bucket', {rules.priority_bucket("open_amount")},
                open_amount, expected_value
            from queue where is_current
            union all
            select 'next best action', next_action, open_amount, expected_value
            from queue where is_current
        ),
        buckets as (
            select cut, bucket, count(*) as claims, sum(open_amount) as open_amount,
                coalesce(sum(expected_value) filter (expected_value > 0), 0) as worthwhile
            from cuts group by all
        ),
        bits as (
            select cut, cast(entropy(bucket) as decimal(9, 4)) as entropy from cuts group by cut
        )
        select cut, bucket, claims, open_amount, worthwhile, entropy
        from buckets inner join bits using (cut)
        where {HOSPITALS_ALONE}""",
    ),
    TruthCheck(
        "queue_backtest",
        "What each order of work would have brought in is what truly came in on its claims.",
        "mart_queue_backtest",
        f"""select source_system, backtest.* exclude (facility_key)
        from marts.mart_queue_backtest as backtest
        inner join marts.dim_facility using (facility_key) where source_system in {HOSPITALS}""",
        f"""with {_DENIALS}, {_ODDS}, {_QUEUE},
        frame as (
            select cast(max(setting_value) filter (setting = 'backtest_window_days') as integer)
                    as window_days,
                cast(max(setting_value) filter (setting = 'history_months') as integer) as months
            from seeds.work_settings
        ),
        minutes as (
            select source_system, cast(date_trunc('month', work_date) as date) as month,
                sum(minutes) as minutes
            from '{{truth}}/work_log.parquet' where lower(activity) = 'denial work' group by all
        ),
        candidates as (
            select queue.* replace (asked_minutes as work_minutes), {_SCORE} as score, minutes,
                window_days,
                coalesce(action_date > day and action_date <= day + window_days, false)
                    as is_worked_later,
                coalesce(action_date <= day, false) as is_worked,
                md5(coalesce(source_system, '<null>') || '|' || coalesce(claim_id, '<null>'))
                    as claim_key
            from queue inner join days using (day, is_current)
            inner join minutes using (source_system, month)
            cross join frame
            where not is_current and group_code <> 'PR' and asked_minutes > 0
                and day + window_days <= date '{{as_of}}'
                and datediff('month', day, date '{{as_of}}') <= months
        ),
        recovered as (
            select day, source_system, claim_id, sum(cash_amount) as recovered
            from candidates
            inner join '{{truth}}/ledger_entries.parquet' as entries using (source_system, claim_id)
            where event_type = 'PAYER_PAYMENT' and is_worked_later
                and entries.recorded_date > day and entries.recorded_date <= day + window_days
            group by all
        ),
        sets as (
            select 'denied and open' as candidate_set, * from candidates
            union all select 'not worked yet', * from candidates where not is_worked
        ),
        ranked as (
            select 'expected value' as ranking, *, row_number() over (
                partition by candidate_set, source_system, day
                order by expected_value desc, open_amount desc, claim_key) as place from sets
            union all select 'priority score', *, row_number() over (
                partition by candidate_set, source_system, day
                order by score desc, open_amount desc, claim_key) from sets
            union all select 'oldest first', *, row_number() over (
                partition by candidate_set, source_system, day
                order by service_date, open_amount desc, claim_key) from sets
            union all select 'largest first', *, row_number() over (
                partition by candidate_set, source_system, day
                order by open_amount desc, claim_key) from sets
        ),
        timed as (
            select *, sum(work_minutes) over (
                partition by candidate_set, source_system, ranking, day order by place
            ) as minutes_so_far from ranked
        ),
        spent as (
            select 'one week' as budget, minutes * 7 // day(day) as budget_minutes, * from timed
            union all select 'one month', minutes, * from timed
        )
        select source_system, day, budget, candidate_set, ranking, count(*),
            any_value(budget_minutes), count(*) filter (minutes_so_far <= budget_minutes),
            coalesce(sum(work_minutes) filter (minutes_so_far <= budget_minutes), 0),
            count(*) filter (minutes_so_far <= budget_minutes and is_worked_later),
            coalesce(sum(recovered) filter (minutes_so_far <= budget_minutes), 0)
        from spent left join recovered using (day, source_system, claim_id) group by all""",
    ),
]
