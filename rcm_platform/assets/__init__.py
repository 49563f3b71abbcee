"""Thin Dagster modules, one per group: they call the logic modules and record what happened."""
