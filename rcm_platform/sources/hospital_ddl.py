"""The usual layout of a hospital's database as SQL that makes its tables, empty: to try things on,
or to see at a glance what is read. Made from what the reader knows."""

from __future__ import annotations

from typing import Literal

from rcm_platform.sources.hospital_tables import THINNER, USUAL
from rcm_platform.sources.tabular import Kind

Dialect = Literal["mysql", "postgresql"]

_TYPES: dict[Kind, str] = {
    Kind.TEXT: "varchar(100)",
    Kind.INTEGER: "integer",
    Kind.NUMBER: "double precision",
    Kind.QUANTITY: "decimal(9, 2)",
    Kind.MONEY: "decimal(18, 2)",
    Kind.DATE: "date",
}


def ddl(dialect: Dialect) -> str:
    """A statement for each table, the needed ones first; MariaDB reads what MySQL does."""
    moment = "datetime" if dialect == "mysql" else "timestamp"
    statements = []
    for table, layout in sorted(USUAL.items(), key=lambda item: item[1].optional):
        columns = [
            f"    {column.name} {_TYPES.get(column.kind, moment)}"
            + (" not null" if column.name in layout.key else "")
            for column in layout.columns
        ]
        columns.append(f"    primary key ({', '.join(layout.key)})")
        note = f"-- may be absent: then {THINNER[table]}\n" if layout.optional else ""
        statements.append(f"{note}create table {table} (\n" + ",\n".join(columns) + "\n);\n")
    return "\n".join(statements)
