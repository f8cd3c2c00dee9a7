"""Alembic's entry point: run the revisions on the connection of `database.migrate`."""

from alembic import context

from fledge.database.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
    compare_type=True,
)
context.run_migrations()
