"""Every KPI, in each mart that shows it, against what it truly was."""

from rcm_platform.proof.truth.compare import HOSPITALS, TruthCheck
from rcm_platform.proof.truth.kpi_parts import FAMILIES, NOT_EMPTY
from rcm_platform.proof.truth.valuation import DATABASE

_KNOWN = f"{DATABASE}.known_kpis"


def _check(family: str, queries: dict[str, str]) -> TruthCheck:
    listed = ", ".join(f"'{kpi}'" for kpi in queries)
    return TruthCheck(
        f"kpis_{family}",
        f"Both parts of each KPI of {family.replace('_', ' ')}, by month, hospital and payer, "
        "are as they truly were.",
        "mart_kpi_monthly",
        f"""select kpi, period_month, facilities.source_system, payers.payer_id,
            numerator, denominator
        from marts.mart_kpi_monthly
        inner join marts.dim_facility as facilities using (facility_key)
        left join marts.dim_payer as payers using (payer_key)
        where facilities.source_system in {HOSPITALS} and kpi in ({listed}) and {NOT_EMPTY}
            and aggregation_level = 'facility and payer'""",
        f"from {_KNOWN} where kpi in ({listed})",
    )


#: KPIs that only the world's hospitals add to: their totals are those of the truth.
_OF_HOSPITALS = f"""kpi not in (
            select kpi from marts.mart_kpi_monthly left join marts.dim_facility using (facility_key)
            where aggregation_level = 'facility and payer'
                and coalesce(source_system, '') not in {HOSPITALS}
        )"""

#: Each KPI and month that follows a month with a value, as both truly were.
_CHANGED = f"""with months as (
            select kpi, month, cast(case when sum(denominator) is null then sum(numerator)
                else round(sum(numerator) / nullif(sum(denominator), 0), 6) end as decimal(18, 6))
                as value
            from {_KNOWN} where {_OF_HOSPITALS} group by all
        ),
        changed as (
            select kpi, later.month, later.value, earlier.value as value_before
            from months as later inner join months as earlier using (kpi)
            where later.month = earlier.month + interval 1 month
                and later.value is not null and earlier.value is not null
        )"""

CHECKS = [
    *(_check(family, queries) for family, queries in FAMILIES.items()),
    TruthCheck(
        "kpi_scorecard",
        "What leaders see of each headline KPI sums to what it truly was, small cells and all.",
        "mart_kpi_scorecard",
        f"""select kpi, aggregation_level, sum(numerator), sum(denominator)
        from marts.mart_kpi_scorecard where {_OF_HOSPITALS} group by all""",
        f"""select kpi, level, sum(numerator), sum(denominator) from {_KNOWN}
        cross join (values ('total'), ('facility and payer')) as levels (level)
        where {_OF_HOSPITALS} and kpi in (select kpi from seeds.kpi_registry where is_headline)
        group by all""",
    ),
    TruthCheck(
        "kpi_changes",
        "Each KPI and the month before it are as they truly were, and so is the change.",
        "mart_kpi_changes",
        f"""select kpi, period_month, kpi_value, previous_value,
            volume_effect + mix_effect + rate_effect + timing_effect
        from marts.mart_kpi_changes where {_OF_HOSPITALS}""",
        f"""{_CHANGED}
        select kpi, month, value, value_before, value - value_before from changed
        where exists (
            select 1 from marts.mart_kpi_changes as changes
            where changes.kpi = changed.kpi and changes.period_month = changed.month
        )""",
    ),
    TruthCheck(
        "kpi_change_drivers",
        "What moved a KPI, by facility and payer and by cause, adds up to how it truly changed.",
        "mart_kpi_change_drivers",
        f"""select kpi, period_month, dimension, sum(effect) + any_value(timing_effect)
        from marts.mart_kpi_change_drivers
        inner join marts.mart_kpi_changes using (kpi_change_key, kpi, period_month)
        where {_OF_HOSPITALS} group by all""",
        f"""{_CHANGED}
        select kpi, month, dimension, value - value_before from changed
        inner join (
            select distinct kpi, period_month as month, dimension
            from marts.mart_kpi_change_drivers
        ) using (kpi, month)""",
    ),
    TruthCheck(
        "kpi_market",
        "What stands beside the market is the truth of twelve mature months, or of the last one.",
        "mart_kpi_market",
        f"""select kpi, first_month, last_month, kpi_value from marts.mart_kpi_market
        where first_month is not null and {_OF_HOSPITALS}""",
        f"""with months as (
            select kpi, month, sum(numerator) as numerator, sum(denominator) as denominator
            from {_KNOWN} where {_OF_HOSPITALS} group by all
        ),
        mature as (
            select months.*, additivity like '% flow%' as is_flow,
                row_number() over (partition by kpi order by month desc) as age
            from months inner join seeds.kpi_registry as registry using (kpi)
            left join seeds.kpi_parameters on parameter = maturity_parameter
            where date '{{as_of}}' - last_day(month) >= coalesce(parameter_value, 0)
        )
        select kpi, min(month), max(month), cast(case when sum(denominator) is null
            then sum(numerator) else round(sum(numerator) / nullif(sum(denominator), 0), 6) end
            as decimal(18, 6))
        from mature where age <= if(is_flow, 12, 1) group by kpi""",
    ),
]
