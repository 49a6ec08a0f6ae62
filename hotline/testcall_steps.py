"""What the service did with a test call: its steps, read from the ledger beside the running service, and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from config.schema import HotlineConfig
from hotline.errors import StorageError
from hotline.storage.database import checked_url
from hotline.storage.tables import call_events, call_persons
from hotline.storage.views import Step

ENDS = {
    "talked": "nach einem Gespräch",
    "callback_requested": "mit einem Rückrufwunsch",
    "closed": "mit der Ansage, dass geschlossen ist",
    "not_served": "ohne dass jemand helfen konnte",
    "left_menu": "der Anrufer hat im Menü aufgelegt",
    "left_waiting": "der Anrufer hat beim Warten aufgelegt",
    "left_offered": "der Anrufer hat aufgelegt, während es klingelte",
    "left_talking": "der Anrufer hat im Gespräch aufgelegt",
    "cut_by_asterisk": "die Telefonanlage hat die Verbindung verloren",
    "failed": "wegen eines Fehlers im Dienst",
    "service_restarted": "der Dienst wurde neu gestartet",
}
OFFERS = {
    "answered": "{who} hat das Angebot angenommen",
    "missed": "{who} hat nicht abgehoben",
    "rejected": "{who} hat abgelehnt",
    "stale": "die Seite von {who} hat den Anruf nicht angezeigt",
    "gone": "das Telefon von {who} ist nicht mehr da",
    "withdrawn": "{who} ist nicht mehr bereit",
    "caller_left": "der Anrufer hat aufgelegt, bevor {who} abhob",
}


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads only; a SQLite file is opened read-only, so that no test call can hold up the service."""

    engine: AsyncEngine
    hotline_id: str
    file: Path | None = None
    """That of SQLite: one that is not there is not opened (aiosqlite's thread would outlive the event loop)."""

    @classmethod
    def at(cls, database_url: str, hotline_id: str) -> Self:
        url = checked_url(database_url)
        file = None
        if url.drivername.startswith("sqlite"):
            file = Path(str(url.database))
            url = url.set(database=f"file:{quote(str(url.database))}", query={"mode": "ro", "uri": "true"})
        return cls(create_async_engine(url, poolclass=NullPool, hide_parameters=True), hotline_id, file)

    async def mark(self) -> int:
        """The newest step of any call up to now."""
        rows = await self._rows(select(func.max(call_events.c.id)))
        return int(rows[0][0] or 0)

    async def call_since(self, mark: int, caller: str | None) -> str | None:
        """The first call from that number (None: withheld) that began after `mark`."""
        query = (
            select(call_events.c.call_id)
            .join(call_persons, call_persons.c.call_id == call_events.c.call_id)
            .where(call_events.c.hotline_id == self.hotline_id, call_events.c.id > mark)
            .where(call_events.c.kind == "call_started", call_persons.c.caller.is_not_distinct_from(caller))
            .order_by(call_events.c.id)
        )
        rows = await self._rows(query.limit(1))
        return rows[0][0] if rows else None

    async def steps(self, call_id: str) -> list[Step]:
        """All steps of that call up to now."""
        mine = (call_events.c.hotline_id == self.hotline_id) & (call_events.c.call_id == call_id)
        rows = await self._rows(select(call_events).where(mine).order_by(call_events.c.id))
        return [Step(row.at, row.kind, row.agent, row.codes) for row in rows]

    async def _rows(self, query: Any) -> list[Any]:
        try:
            if self.file is not None and not self.file.exists():
                raise FileNotFoundError
            async with self.engine.connect() as connection:
                return list(await connection.execute(query))
        except (SQLAlchemyError, OSError) as error:
            raise StorageError(
                f"Die Datenbank der laufenden Hotline ist nicht lesbar ({type(error).__name__}): "
                "`hotline doctor` sagt, was zu tun ist."
            ) from None


def told(step: Step, config: HotlineConfig) -> str:
    """One step in German."""
    who, codes = full_name(config, step.agent), step.codes
    match step.kind:
        case "call_started":
            return f"beim Dienst angekommen über Gateway {codes.get('gateway') or 'unbekannt'}"
        case "request_type":
            return f"Anliegen: {_label(config, codes)}" + (f" (berichtigt von {who})" if step.agent else "")
        case "joined_line":
            return "in die Reihe der Wartenden gestellt"
        case "household_number":
            return f"Nummer der Bedarfsgemeinschaft eingegeben ({codes.get('digits')} Ziffern)"
        case "offer_made":
            return f"angeboten: {who}"
        case "offer_shown":
            return f"auf dem Bildschirm gezeigt: {who}"
        case "offer_closed":
            return OFFERS.get(str(codes.get("outcome")), "Angebot beendet ({who})").format(who=who)
        case "answered":
            return f"abgehoben: {who}"
        case "talk_ended":
            return "Gespräch beendet"
        case "callback_requested":
            return "Rückrufwunsch hinterlassen"
        case "callback_not_reached":
            return f"{who} hat den Anrufer nicht erreicht"
        case "identity_checked":
            return f"Identität geprüft: {who}"
        case "disposed":
            return f"abgeschlossen: {who}"
        case "agent_lost":
            return f"Verbindung zu {who} verloren, der Anruf geht zurück in die Reihe"
        case "call_ended":
            return f"Anruf beendet, {ENDS.get(str(codes.get('how')), str(codes.get('how')))}"
    return " ".join((step.kind, *(f"{name}={value}" for name, value in codes.items())))


def full_name(config: HotlineConfig, agent: str | None) -> str:
    """Name of an agent as people know it; the short one when the configuration no longer has it."""
    return next((one.full_name for one in config.agents if one.name == agent), agent or "niemand")


def _label(config: HotlineConfig, codes: Mapping[str, Any]) -> str:
    try:
        return config.request_type(str(codes.get("key"))).label
    except KeyError:
        return str(codes.get("key"))
