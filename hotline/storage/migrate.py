"""Brings the tables forward to this release; refuses a database that a newer release has written."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from hotline.errors import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 5721_9824
"""PostgreSQL's advisory lock: two processes that start at once migrate one after the other."""


def configuration() -> Config:
    """Alembic's configuration without a file, so that it works from an installed package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, place: str) -> None:
    """Migrate inside the connection's transaction: all or nothing."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = configuration()
    _refuse_newer(connection, ScriptDirectory.from_config(config), place)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, place: str) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    if found - known:
        raise StorageError(
            f"The database {place} was written by a newer release (tables {', '.join(sorted(found - known))}): "
            "start that release, or restore a backup of this one."
        )
