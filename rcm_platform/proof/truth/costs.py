"""A cost of the general ledger, shared out over the services that it was borne for."""

from rcm_platform.proof.truth.compare import HOSPITALS

#: Common table expressions: `costs` of the general ledger; `services` that could bear them, with
#: their work and their charges; `shares` of each cost by clinician, in dollars and not in cents.
COST_SHARES = """facilities as (
        select distinct source_system, facility_id from '{truth}/encounters.parquet'
    ),
    costs as (
        select source_system, cast(month as date) as month, department_id, service_type, cost_amount
        from '{truth}/facility_costs.parquet' inner join facilities using (facility_id)
    ),
    rendered as (
        select entries.source_system, cast(date_trunc('month', service_date) as date) as month,
            department_id, if(claim_form = 'P', 'professional', 'facility') as service_type,
            visits.provider_id, ar_amount as charge, null as work
        from '{truth}/ledger_entries.parquet' as entries
        inner join '{truth}/claims.parquet' as bills using (source_system, claim_id)
        left join '{truth}/encounters.parquet' as visits
            on visits.source_system = bills.source_system
            and visits.encounter_id = bills.encounter_id
        where event_type in ('CHARGE', 'CHARGE_CORRECTION')
        union all
        select source_system, cast(date_trunc('month', encounter_date) as date), department_id,
            'professional', provider_id, 0, lines.work_rvu
        from '{truth}/../happened/lines.parquet' as lines
        inner join '{truth}/encounters.parquet' using (source_system, encounter_id)
        where work_date <= date '{as_of}'
    ),
    -- few rows: a cost is borne by any of them that fits
    services as (
        select * exclude (charge, work), sum(charge) as charge, sum(work) as work
        from rendered group by all
    ),
    borne as (
        select costs.*, provider_id, services.service_type as kind, sum(charge) as charge,
            sum(work) as work
        from costs
        left join services on services.source_system = costs.source_system
            and services.month = costs.month
            and costs.department_id in ('all', services.department_id)
            and costs.service_type in ('all', services.service_type)
        group by all
    ),
    shares as (
        select *, coalesce(if(service_type = 'professional', work, charge), 0) as base,
            sum(base) over cost as whole_base,
            if(whole_base > 0, cast(cost_amount as double) * base / whole_base, 0) as share
        from borne
        window cost as (partition by source_system, month, department_id, service_type)
    )"""


def shared_costs(mart: str, allocated: str) -> str:
    """What a mart has shared out in each month and what not, as a query on the mart."""
    return f"""select source_system, activity_month, sum({allocated}),
            sum(unallocated_cost_amount)
        from marts.{mart}
        inner join marts.dim_facility as facilities using (facility_key)
        where facilities.source_system in {HOSPITALS} and unallocated_cost_amount is not null
        group by all"""


#: What can be shared out in each month, and what not.
COSTS_OF_MONTHS = f"""with {COST_SHARES}
    select source_system, month, coalesce(sum(cost_amount) filter (whole_base > 0), 0),
        coalesce(sum(cost_amount) filter (whole_base <= 0), 0)
    from (select distinct costs.*, whole_base from costs inner join shares
        using (source_system, month, department_id, service_type))
    group by all"""
