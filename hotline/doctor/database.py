"""Can the database be read, does it fit this release, and is there room on its disk?"""

import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hotline.doctor.patient import START, Patient
from hotline.doctor.result import Result, bad, caution, good
from hotline.errors import StorageError
from hotline.storage.database import checked_url
from hotline.storage.migrate import configuration

PART = "Datenbank"
FULL, TIGHT = 200_000_000, 2_000_000_000
"""Bytes left on the disk."""


async def examine(patient: Patient) -> list[Result]:
    url = patient.running.database_url if patient.running else patient.state.database_url()
    return [await judged(url), room(patient.state.path)]


async def judged(address: str) -> Result:
    """By reading the version of its tables; a SQLite file is opened read-only."""
    try:
        url = checked_url(address)
    except StorageError:
        return bad(PART, "ihre Adresse ist unverständlich", "HOTLINE_DATABASE_URL berichtigen oder weglassen.")
    place = url.render_as_string(hide_password=True)
    if url.drivername.startswith("sqlite"):
        place = str(url.database)
        if not Path(place).exists():
            return caution(PART, f"{place} ist noch nicht angelegt", f"{START}: der erste Start legt sie an.")
        url = url.set(database=f"file:{quote(place)}", query={"mode": "ro", "uri": "true"})
    try:
        return _compared(place, await _version(url))
    except (SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        return bad(
            PART, f"{place} ist nicht lesbar ({reason})", "Datei, Rechte und Datenbankserver prüfen; sonst Sicherung."
        )


async def _version(url: URL) -> str | None:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
            return found
    finally:
        await engine.dispose()


def _compared(place: str, version: str | None) -> Result:
    scripts = ScriptDirectory.from_config(configuration())
    newest, known = scripts.get_current_head(), {script.revision for script in scripts.walk_revisions()}
    if version == newest:
        return good(PART, f"{place}, Tabellen in Version {version}")
    if version in known:
        return caution(PART, f"{place} hat ältere Tabellen ({version})", "der nächste Start bringt sie auf den Stand.")
    advice = "die neuere Version der Hotline starten oder eine Sicherung dieser Version einspielen."
    return bad(PART, f"{place} stammt von einer anderen Version der Hotline ({version})", advice)


def room(directory: Path) -> Result:
    """On the disk that holds the state directory."""
    with suppress(OSError):
        free = shutil.disk_usage(directory).free
        told = f"{free / 1e9:.1f} GB frei".replace(".", ",")
        if free < FULL:
            return bad("Platte", told, "Platz schaffen: ohne ihn kann nichts gespeichert werden.")
        if free < TIGHT:
            return caution("Platte", told, "bald Platz schaffen.")
        return good("Platte", told)
    return bad("Platte", f"{directory} fehlt", "--state nennen, oder mit `make run` anlegen.")
