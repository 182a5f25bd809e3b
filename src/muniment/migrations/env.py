"""How Alembic runs our migrations: on the connection it is handed, in one transaction.

Run by Alembic when `base/schema.py` brings a database up to date; opens no connection.
"""

from alembic import context

from muniment.base.db import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    transaction_per_migration=False,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
