"""The import of what Asterisk wrote down: the file as Asterisk has it, a real database, and crashes in between."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from config.schema import HotlineConfig
from dialplan import happenings
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.recovery.call_ids import id_of_channel
from hotline.recovery.happenings import Meaning
from hotline.recovery.happenings_file import BATCH, HappeningsFile
from hotline.recovery.importer import EVERY_SECONDS, Importer
from hotline.storage.callbacks import Callbacks, CallbackTask
from hotline.storage.database import Database
from hotline.storage.imports import Imports
from hotline.storage.ledger import Ledger
from hotline.storage.views import CallRow

REAL_NINE = datetime(2026, 11, 23, 8, tzinfo=UTC).timestamp()
CHANNEL, UNIQUE = "PJSIP/gateway-haus-00000001", "hotline-secret-1795420800.1"
CALLER = "+495721777001"
HEADER = f'"Erika; M\\"üller" <sip:{CALLER}@example.org;user=phone>;tag=x'
NEVER_MET = id_of_channel(UNIQUE)


class Asterisk:
    """Writes rows as its module does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = sqlite3.connect(path, isolation_level=None)
        self.file.execute(happenings.CREATE)

    def write(self, event: str, extra: str = "", *, after: float = 0.0, unique: str = UNIQUE, linked: str = "") -> None:
        at = f"{REAL_NINE + after:.6f}"
        self.raw(event, at, CHANNEL, unique, linked or unique, json.dumps({"extra": extra}))

    def raw(self, *values: Any) -> None:
        columns, marks = ", ".join(happenings.COLUMNS), ", ".join("?" * len(happenings.COLUMNS))
        self.file.execute(f"INSERT INTO {happenings.TABLE} ({columns}) VALUES ({marks})", values)  # noqa: S608

    def rows(self) -> int:
        found: int = self.file.execute(f"SELECT count(*) FROM {happenings.TABLE}").fetchone()[0]  # noqa: S608
        return found

    def caller(self, call: str = "", after: float = 0.0, unique: str = UNIQUE, gateway: str = "haus") -> None:
        """A caller comes to the fallback and waits."""
        known = f"call={call}&gateway={gateway}&privacy=none&from={quote(HEADER, safe='')}"
        self.write(happenings.FALLBACK, known, after=after, unique=unique)
        self.write(happenings.QUEUED, f"call={call}", after=after + 1, unique=unique)


class Service:
    """The import of a running service."""

    def __init__(self, db: Database, path: Path, config: HotlineConfig, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.held: dict[str, Call] = {}
        self.journal = Journal()
        self.refreshed = 0
        gateways = [gateway.model_copy(update={"name": "haus"}) for gateway in config.gateways[:1]]
        self.config = config.model_copy(update={"gateways": gateways})
        imports = Imports(db, "h", lambda number: number == CALLER)
        meaning = Meaning(lambda: (7, self.config), clock, self.held.get)
        file = HappeningsFile(path)
        self.unheard: list[str] = []
        self.importer = Importer(
            file, imports, self.journal, meaning, clock, self.held.get, self._refresh, self._unheard_end
        )
        self.ledger = Ledger(db, "h")

    async def _refresh(self) -> None:
        self.refreshed += 1

    def _unheard_end(self, call: Call) -> None:
        self.unheard.append(call.id)

    async def bring_in(self) -> bool:
        return await self.importer.bring_in()

    async def row(self, call: str = NEVER_MET) -> CallRow:
        found = await self.ledger.call(call)
        assert found is not None
        return found

    async def kinds(self, call: str = NEVER_MET) -> list[str]:
        return [step.kind for step in await self.ledger.steps(call)]

    async def callbacks(self) -> list[CallbackTask]:
        return await Callbacks(self.db, "h").open_tasks()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / happenings.FILE


@pytest.fixture
def asterisk(path: Path) -> Asterisk:
    return Asterisk(path)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def start(database: Database, path: Path, config: HotlineConfig) -> AsyncIterator[Callable[..., Service]]:
    started: list[Service] = []

    def start(offset: timedelta = timedelta()) -> Service:
        started.append(Service(database, path, config, Clock(offset)))
        started[-1].journal.start()
        return started[-1]

    yield start
    for service in started:
        await service.journal.close()


async def test_call_handled_without_the_service_is_in_the_ledger_with_its_number(
    asterisk: Asterisk, start: Callable[..., Service]
) -> None:
    asterisk.caller()
    asterisk.write(happenings.ANSWERED, "agent=anna", after=5, unique="hotline-secret-1795420805.2", linked=UNIQUE)
    asterisk.write(happenings.END, "call=&lane=queue&cause=16", after=65)
    service = start()
    assert await service.bring_in()
    found = await service.row()
    real = datetime.fromtimestamp(REAL_NINE, UTC)
    assert (found.started_at, found.answered_at) == (real, real + timedelta(seconds=5))
    assert (found.ended_at, found.how, found.agent) == (real + timedelta(seconds=65), "fallback_talked", "anna")
    assert (found.gateway, found.channel, found.config_version, found.fallback) == ("haus", CHANNEL, 7, True)
    assert await service.ledger.latest_call_from(CALLER, real) == NEVER_MET
    assert asterisk.rows() == 0


async def test_times_of_asterisk_become_business_time(asterisk: Asterisk, start: Callable[..., Service]) -> None:
    asterisk.caller()
    service = start(timedelta(hours=3))
    await service.bring_in()
    assert (await service.row()).started_at == datetime.fromtimestamp(REAL_NINE, UTC) + timedelta(hours=3)


async def test_call_that_the_service_began_keeps_its_id(asterisk: Asterisk, start: Callable[..., Service]) -> None:
    service = start()
    await service.ledger.call_started("abc", service.clock.now(), CHANNEL, "haus", CALLER, 1)
    asterisk.caller("abc")
    asterisk.write(happenings.ANSWERED, "agent=anna", after=5, unique="hotline-secret-1795420805.2", linked=UNIQUE)
    asterisk.write(happenings.END, "call=abc&lane=queue&cause=16", after=9)
    await service.bring_in()
    found = await service.row("abc")
    assert (found.how, found.fallback, found.agent) == ("fallback_talked", True, "anna")
    assert await service.ledger.call(NEVER_MET) is None


@pytest.mark.parametrize("gateway", ["unknown", ""])
async def test_number_from_a_gateway_that_is_not_configured_is_not_believed(
    asterisk: Asterisk, start: Callable[..., Service], gateway: str
) -> None:
    asterisk.caller(gateway=gateway)
    service = start()
    await service.bring_in()
    assert (await service.row()).gateway == ""
    assert await service.ledger.latest_call_from(CALLER, datetime.fromtimestamp(0, UTC)) is None


# --- exactly once -----------------------------------------------------------------------------


async def test_service_that_starts_three_times_imports_once(asterisk: Asterisk, start: Callable[..., Service]) -> None:
    asterisk.caller()
    asterisk.write(happenings.CALLBACK, "call=&number=", after=5)
    asterisk.write(happenings.END, "call=&lane=callback&cause=16", after=6)
    services = [start() for _ in range(3)]
    for service in services:
        assert await service.bring_in()
    assert len(await services[0].callbacks()) == 1
    assert [service.refreshed for service in services] == [1, 0, 0]
    assert len(await services[0].kinds()) == 5


async def test_crash_between_ledger_and_deleting_does_not_import_twice(
    asterisk: Asterisk, start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    asterisk.caller()
    asterisk.write(happenings.CALLBACK, "call=&number=", after=5)
    with monkeypatch.context() as crashing:
        crashing.setattr(HappeningsFile, "forget", lambda *_: (_ for _ in ()).throw(OSError))
        assert not await start().bring_in()
    assert asterisk.rows() == 3
    service = start()
    assert await service.bring_in()
    assert len(await service.callbacks()) == 1
    assert (len(await service.kinds()), asterisk.rows()) == (4, 0)


async def test_new_file_whose_numbers_begin_again_is_imported(
    asterisk: Asterisk, start: Callable[..., Service], path: Path
) -> None:
    asterisk.caller()
    service = start()
    await service.bring_in()
    asterisk.file.close()
    path.unlink()
    Asterisk(path).caller(unique="hotline-secret-1795420900.9")
    await service.bring_in()
    assert len(await service.kinds(id_of_channel("hotline-secret-1795420900.9"))) == 3


async def test_older_copy_of_the_file_is_imported_as_a_new_one(
    asterisk: Asterisk, start: Callable[..., Service], path: Path
) -> None:
    service = start()
    await service.bring_in()  # the file has its identity now
    copy = path.read_bytes()
    asterisk.caller()
    await service.bring_in()
    asterisk.file.close()
    path.write_bytes(copy)
    Asterisk(path).write(happenings.CALLBACK, "call=&number=", unique="hotline-secret-1795420900.9")
    await service.bring_in()
    assert len(await service.callbacks()) == 1


async def test_many_happenings_come_in_several_transactions(asterisk: Asterisk, start: Callable[..., Service]) -> None:
    uniques = [f"hotline-secret-1795420800.{number}" for number in range(BATCH)]
    for unique in uniques:
        asterisk.caller(unique=unique)
    service = start()
    assert await service.bring_in()
    assert len(await service.ledger.unended()) == BATCH
    assert asterisk.rows() == 0


async def test_database_that_does_not_answer_loses_nothing(
    asterisk: Asterisk, start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    asterisk.caller()
    service = start()

    async def refuse(*_: Any) -> None:
        raise StorageError("locked")

    with monkeypatch.context() as locked:
        locked.setattr(Imports, "store", refuse)
        assert not await service.bring_in()
    assert asterisk.rows() == 2
    assert await service.bring_in()
    assert len(await service.kinds()) == 3


async def test_file_that_asterisk_is_writing_is_read_all_the_same(
    asterisk: Asterisk, start: Callable[..., Service]
) -> None:
    asterisk.caller()
    service = start()
    asterisk.file.execute("BEGIN IMMEDIATE")
    assert not await service.bring_in()
    asterisk.file.execute("COMMIT")
    assert await service.bring_in()
    assert len(await service.kinds()) == 3


async def test_without_a_file_there_is_nothing_to_import(start: Callable[..., Service], path: Path) -> None:
    assert await start().bring_in()
    assert not path.exists()


async def test_what_callers_sent_is_overwritten_when_it_is_imported(
    asterisk: Asterisk, start: Callable[..., Service], path: Path
) -> None:
    asterisk.caller()
    assert quote(CALLER, safe="").encode() in path.read_bytes()
    await start().bring_in()
    assert CALLER.lstrip("+").encode() not in path.read_bytes()


async def test_what_callers_sent_is_in_no_journal_of_the_file_either(
    asterisk: Asterisk, start: Callable[..., Service], path: Path
) -> None:
    """Asterisk keeps the file open all the time; who reads it just then only delays the overwriting."""
    asterisk.file.execute("PRAGMA journal_mode = WAL")
    asterisk.caller()
    sent = quote(CALLER, safe="").encode()
    assert in_files(path, sent)
    service = start()
    assert await service.bring_in()
    assert asterisk.rows() == 0
    assert not in_files(path, sent)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        asterisk.caller(after=60)
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM happenings").fetchall()
        assert await service.bring_in()
        assert in_files(path, sent)
        reader.execute("COMMIT")
        assert await service.bring_in()
        assert not in_files(path, sent)


def in_files(path: Path, word: bytes) -> bool:
    return any(word in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


# --- what cannot be understood ----------------------------------------------------------------

BAD = [
    ("hl_unknown", REAL_NINE, CHANNEL, UNIQUE, UNIQUE, "call="),
    (happenings.QUEUED, "soon", CHANNEL, UNIQUE, UNIQUE, "call="),
    (happenings.QUEUED, "nan", CHANNEL, UNIQUE, UNIQUE, "call="),
    (happenings.QUEUED, "1e30", CHANNEL, UNIQUE, UNIQUE, "call="),
    (happenings.QUEUED, None, CHANNEL, UNIQUE, UNIQUE, "call="),
    (happenings.QUEUED, REAL_NINE, CHANNEL, "", UNIQUE, "call="),
    (happenings.QUEUED, REAL_NINE, CHANNEL, UNIQUE, None, "call="),
    (happenings.QUEUED, REAL_NINE, CHANNEL, UNIQUE, UNIQUE, "{"),
    (happenings.QUEUED, REAL_NINE, CHANNEL, UNIQUE, UNIQUE, "[1]" + "&a=b" * 100),
    (happenings.ANSWERED, REAL_NINE, CHANNEL, UNIQUE, UNIQUE, "agent=nobody"),
    (happenings.END, REAL_NINE, CHANNEL, UNIQUE, UNIQUE, "call=x&lane=&next=dial&dial=ANSWER&talked=long"),
]


@pytest.mark.parametrize("bad", BAD)
async def test_row_that_cannot_be_understood_is_counted_and_holds_nothing_back(
    asterisk: Asterisk, start: Callable[..., Service], bad: tuple[Any, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    asterisk.raw(*bad)
    asterisk.caller()
    service = start()
    assert await service.bring_in()
    assert (service.importer.skipped, asterisk.rows()) == (1, 0)
    assert await service.kinds() == ["call_started", "fallback", "fallback_queued"]
    assert UNIQUE not in capsys.readouterr().out


async def test_numbers_and_names_stay_out_of_the_log(
    asterisk: Asterisk, start: Callable[..., Service], capsys: pytest.CaptureFixture[str]
) -> None:
    asterisk.caller()
    asterisk.write(happenings.CALLBACK, "call=&number=09001234567", after=5)
    await start().bring_in()
    written = capsys.readouterr().out
    assert "777001" not in written
    assert "09001234567" not in written
    assert "Erika" not in written


# --- callback requests ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "number"),
    [("", CALLER), ("05751555666", "+495751555666"), ("09001234567", CALLER), ("112", CALLER), ("0", CALLER)],
)
async def test_callback_by_keypad_goes_where_we_may_ring(
    asterisk: Asterisk, start: Callable[..., Service], entered: str, number: str
) -> None:
    asterisk.caller()
    asterisk.write(happenings.CALLBACK, f"call=&number={entered}", after=5)
    service = start()
    await service.bring_in()
    (task,) = await service.callbacks()
    assert task.number == number
    assert task.due_at == datetime(2026, 11, 24, 17, tzinfo=UTC)  # Tuesday, 18:00 in Berlin


# --- calls that the service holds -------------------------------------------------------------


def _held(service: Service, end_reason: str | None) -> None:
    call = Call("abc", CHANNEL, UNIQUE, service.config, 1, service.clock.now(), CALLER, "haus")
    call.end_reason = end_reason
    service.held["abc"] = call


async def test_latest_end_of_a_call_that_the_service_holds_is_left_to_it(
    asterisk: Asterisk, start: Callable[..., Service]
) -> None:
    service = start()
    await service.ledger.call_started("abc", service.clock.now(), CHANNEL, "haus", CALLER, 1)
    _held(service, None)
    now = datetime.now(UTC).timestamp() - REAL_NINE
    asterisk.write(happenings.END, "call=abc&lane=&cause=16", after=now)
    assert await service.importer.bring_in(settled_only=True)
    assert ((await service.row("abc")).ended_at, asterisk.rows()) == (None, 1)
    assert await service.importer.bring_in()
    assert ((await service.row("abc")).how, asterisk.rows()) == ("left_menu", 0)


@pytest.mark.parametrize(("reason", "how"), [("not_served", "not_served"), ("cut_by_asterisk", "left_menu")])
async def test_end_of_a_call_that_the_service_holds_has_the_services_reason(
    asterisk: Asterisk, start: Callable[..., Service], reason: str, how: str
) -> None:
    service = start()
    await service.ledger.call_started("abc", service.clock.now(), CHANNEL, "haus", CALLER, 1)
    _held(service, reason)
    a_minute_ago = datetime.now(UTC).timestamp() - 60 - REAL_NINE
    asterisk.write(happenings.END, "call=abc&lane=&cause=16", after=a_minute_ago)
    await service.importer.bring_in(settled_only=True)
    assert (await service.row("abc")).how == how
    assert service.unheard == ["abc"]


def test_import_is_often_enough_for_the_agents_pages() -> None:
    assert EVERY_SECONDS <= 30
