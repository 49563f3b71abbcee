-- What is done and charged, by kind of procedure?
select
    procedures.procedure_category,
    procedures.procedure_code,
    procedures.procedure_label,
    count(*) as line_count,
    sum(transactions.amount) as charge_amount

from {{ ref('fct_transactions') }} as transactions

inner join {{ ref('dim_procedure') }} as procedures
    on transactions.procedure_code_key = procedures.procedure_code_key

where transactions.amount_type = 'Charge'

group by
    procedures.procedure_category,
    procedures.procedure_code,
    procedures.procedure_label

order by
    charge_amount desc,
    procedures.procedure_code asc
