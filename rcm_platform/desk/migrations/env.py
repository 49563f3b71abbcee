"""Run by alembic: it takes the connection, and its transaction, of whoever opens the store."""

from alembic import context

from rcm_platform.desk.store import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
