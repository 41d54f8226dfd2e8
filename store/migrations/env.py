"""Alembic's entry: migrates the database that `store.database.upgrade` hands over."""

from alembic import context

from store.tables import Base

engine = context.config.attributes["engine"]
with engine.begin() as connection:
    # Two workers may start at once; PostgreSQL needs a lock of its own, SQLite's write lock is enough.
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7273102)")
    elif connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
