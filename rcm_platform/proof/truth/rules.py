"""The rules that users set in seeds, as SQL: a check follows them; each fact is the world's own.

A check that held its own copy of a threshold would fail on a legitimate edit of the seed.
"""


def parameter(name: str) -> str:
    """The value of a parameter of the KPIs (seed kpi_parameters)."""
    return f"(select parameter_value from seeds.kpi_parameters where parameter = '{name}')"


def setting(name: str) -> str:
    """The value of a setting of the work queue and the forecast (seed work_settings)."""
    return f"(select setting_value from seeds.work_settings where setting = '{name}')"


def tolerance(expected: str) -> str:
    """Up to which difference from an expected amount a line is not underpaid."""
    percent = parameter("underpayment_tolerance_percent")
    return (
        f"greatest({parameter('underpayment_tolerance_amount')}, "
        f"round({expected} * {percent} * 0.01, 2))"
    )


def is_paid_as_expected(allowed: str, expected: str) -> str:
    """Whether a first remittance allows enough of what was expected."""
    return f"100 * {allowed} >= {parameter('first_pass_paid_percent')} * {expected}"


def is_closed(day: str, maturity: str) -> str:
    """Whether the month of a day has been over for as long as a parameter asks."""
    return f"date '{{as_of}}' - last_day({day}) >= {parameter(maturity)}"


def _best(column: str, factor: str, value: str) -> str:
    return f"""(
        select arg_max({column}, points) from seeds.priority_rules
        where factor = '{factor}' and (
            comparison = 'else' or (comparison = '>' and {value} > threshold)
            or (comparison = '>=' and {value} >= threshold)
        )
    )"""


def priority_bucket(open_amount: str) -> str:
    """The bucket of an open balance (seed priority_rules)."""
    return _best("priority_bucket", "outstanding_amount", open_amount)


def priority_score(open_amount: str, entry_count: str, age_days: str) -> str:
    """The points of a claim: of each factor those of its best rule (seed priority_rules)."""
    return " + ".join(
        _best("points", factor, value)
        for factor, value in (
            ("outstanding_amount", open_amount),
            ("transaction_count", entry_count),
            ("age_days", age_days),
        )
    )


HIGH_BALANCE = """(
    select threshold from seeds.priority_rules
    where factor = 'outstanding_amount' and priority_bucket = 'high'
)"""
"""Above which open balance a claim is of high priority."""
