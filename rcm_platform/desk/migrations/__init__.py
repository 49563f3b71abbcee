"""How the store of the desk became what it is: one file a step, run in their order by alembic."""
