"""The dbt project: what it needs to run, what it built, what its columns come from."""
