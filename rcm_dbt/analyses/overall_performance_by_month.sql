-- Billed, collected and denied by month of service. Claims meet nothing but themselves here: a join
-- by patient would count each of them once per visit.
select
    {{ month_start('service_date') }} as service_month,
    count(*) as claim_count,
    sum(charge_amount) as billed_amount,
    sum(payer_paid_amount + patient_paid_amount) as collected_amount,
    {{ sum_where('1', 'is_denied_on_first_remit') }} as denied_claim_count,
    sum(open_amount) as open_amount

from {{ ref('fct_claims') }}

group by {{ month_start('service_date') }}

order by service_month asc
