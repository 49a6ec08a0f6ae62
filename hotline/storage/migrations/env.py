"""Where Alembic finds the connection: handed in by hotline/storage/migrate.py, never from a file."""

from alembic import context

from hotline.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()
