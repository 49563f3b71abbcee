"""A facility's cost, shared out by work: the whole of it, and each share as it should be."""

from rcm_platform.proof.truth.compare import HOSPITALS

#: Months and facilities with work and a cost, and that cost, as a query on the truth.
COSTS_WITH_WORK = """select source_system, month, cost_amount, true
        from '{truth}/facility_costs.parquet'
        semi join (
            select facility_id, date_trunc('month', encounter_date) as month
            from '{truth}/encounters.parquet' group by all having sum(work_rvu) > 0
        ) using (facility_id, month)
        inner join (
            select distinct source_system, facility_id from '{truth}/encounters.parquet'
        ) using (facility_id)"""


def shared_costs(mart: str) -> str:
    """What a mart has shared out, and whether no share is off by a cent, as a query on the mart."""
    return f"""select source_system, activity_month, sum(allocated_cost_amount),
            bool_and(abs(allocated_cost_amount - due) < 0.01)
        from (
            select facilities.source_system, activity_month, allocated_cost_amount,
                sum(allocated_cost_amount) over cell * coalesce(work_rvu, 0)
                    / sum(work_rvu) over cell as due
            from marts.{mart} as shares
            inner join marts.dim_facility as facilities using (facility_key)
            where facilities.source_system in {HOSPITALS} and allocated_cost_amount is not null
            window cell as (partition by facility_key, activity_month)
        )
        group by all"""
