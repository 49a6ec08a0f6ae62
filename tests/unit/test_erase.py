"""`hotline export` and `hotline erase`: all of one person, nothing of anybody else, and for good."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, insert, select

from config.loading import load
from dialplan import happenings
from hotline import service
from hotline.cli import cli
from hotline.clock import Clock
from hotline.errors import HotlineError, SetupError
from hotline.mail.sender import IDLE, MailSender
from hotline.state import StateDirectory
from hotline.storage import tables as t
from hotline.storage.audit import Audit, AuditRow
from hotline.storage.database import Database
from hotline.storage.drafts import Draft, Drafts
from hotline.storage.erasure_file import ErasureFile
from hotline.storage.outbox import Outbox
from hotline.storage.persons import Persons, keys

AT = datetime(2020, 11, 23, 8, 0, tzinfo=UTC)
KRUSE, OTHER = "+495722998877", "+495722111222"
RECEIPT, OTHERS_RECEIPT = "26-4821-7300", "26-1177-3040"
SECRETS = [KRUSE, "31402998877", "Quittengelee", "Kruse", "Wohnung zu klein", "vormittags nicht da", "Liebe Frau Kruse"]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    """Sabine Kruse called, was promised an answer and asked for a callback; somebody else called too."""
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    directory = StateDirectory(tmp_path / "state")
    directory.prepare()
    done(directory, lambda db: fill(db, "kruse", KRUSE, "31402998877", RECEIPT, "Kruse", "Quittengelee"))
    done(directory, lambda db: fill(db, "other", OTHER, "31402000000", OTHERS_RECEIPT, "Falke", "Apfelmus"))
    return directory


def done(state: StateDirectory, work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def working() -> Any:
        database = Database(state.database_url())
        await database.open()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(working())


async def fill(
    db: Database, call: str, number: str, household: str, receipt: str, name: str, note: str, at: datetime = AT
) -> None:
    own, promise = {"call_id": call}, {"promise_id": f"promise-{call}"}

    async def put(table: Any, **values: Any) -> Any:
        async with db.write() as connection:
            made = await connection.execute(insert(table).values(hotline_id="schaumburg", **values))
            return (made.inserted_primary_key or [None])[0]

    await put(t.calls, id=call, channel="c", gateway="g", config_version=1, started_at=at, ended_at=at)
    await put(t.call_persons, caller=number, household_number=household, **own)
    await put(t.call_handovers, agent="anna", how="blind", note=note, form={"x": note}, **own)
    await put(t.drafts, agent="anna", fields={"note": note}, saved_at=at, **own)
    row = {"agent": "anna", "request_type": "rent"}
    disposed = await put(t.dispositions, outcome="forwarded", at=at, **row, **own)
    await put(t.disposition_details, disposition_id=disposed, note=note, form={"why": "Wohnung zu klein"})
    status = {"status": "open", "created_at": at, "due_at": at}
    await put(t.promises, id=promise["promise_id"], receipt=receipt, **status, **row, **own)
    person = {"family_name": name, "given_name": "S.", "household_number": household, "phone": number, "best_time": ""}
    who = {"responsible_name": "F", "responsible_email": "f@x", "rule": "r", "form": {}}
    await put(t.promise_details, **person, **who, **promise)
    event = await put(t.promise_events, at=at, kind="not_reached", codes={}, **promise)
    await put(t.promise_texts, event_id=event, text="vormittags nicht da")
    sent = {"state": "sent", "attempts": 1, "created_at": at, "next_try": at}
    mail = await put(t.outbox, message_id=call, **sent, **promise)
    await put(t.outbox_mails, outbox_id=mail, recipient="f@x", subject="s", body=f"Liebe Frau {name}")
    message = await put(t.short_messages, **sent, **promise)
    await put(t.short_message_texts, message_id=message, number=number, text="Ihre Nummer")
    task = await put(t.callbacks, requested_at=at, due_at=at, **own)
    await put(t.callback_persons, callback_id=task, number=number, household_number=household, note=note)


async def close(db: Database) -> None:
    """Everything promised is kept."""
    async with db.write() as connection:
        await connection.execute(t.promises.update().values(status="kept", kept_at=AT))
        await connection.execute(t.callbacks.update().values(finished_at=AT))


async def personal(db: Database) -> dict[str, int]:
    async with db.read() as connection:
        counts = [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in t.PERSONAL
        ]
    return {table.name: found for table, found in zip(t.PERSONAL, counts, strict=True) if found}


def audited(state: StateDirectory) -> list[AuditRow]:
    rows: list[AuditRow] = done(state, lambda db: Audit(db, "schaumburg").rows(10))
    return rows


def hotline(state: StateDirectory, *words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli, [*words, "--state", str(state.path)], input=answer)


BY = [("--number", "05722 998877"), ("--household", "314 029 98877"), ("--receipt", "2648217300")]


@pytest.mark.parametrize("by", BY, ids=lambda by: by[0])
def test_export_shows_all_of_the_person_and_nothing_of_others(state: StateDirectory, by: tuple[str, str]) -> None:
    result = hotline(state, "export", *by)
    assert result.exit_code == 0
    assert [word for word in SECRETS if word not in result.output] == []
    assert not [word for word in (OTHER, "Falke", "Apfelmus", OTHERS_RECEIPT) if word in result.output]
    told = json.loads(result.output)
    assert {table.name for table in t.PERSONAL} <= set(told)
    assert told["call_persons"] == [{"call_id": "kruse", "caller": KRUSE, "household_number": "31402998877"}]
    assert told["calls"][0]["started_at"] == "2020-11-23T08:00:00+00:00"
    assert [(row.who, row.action, row.subject) for row in audited(state)] == [
        ("command line", "person_exported", "1 calls")
    ]


@pytest.mark.parametrize("by", BY, ids=lambda by: by[0])
def test_erased_person_is_in_no_file_any_more_and_others_stay(state: StateDirectory, by: tuple[str, str]) -> None:
    done(state, close)
    result = hotline(state, "erase", "--yes", *by)
    assert result.exit_code == 0
    assert "1 of promise_details" in result.output
    assert done(state, personal) == {table.name: 1 for table in t.PERSONAL}
    held = b"".join(file.read_bytes() for file in state.path.glob("hotline.sqlite*"))
    assert [word for word in SECRETS if word.encode() in held and word != "Wohnung zu klein"] == ["vormittags nicht da"]
    assert b"Apfelmus" in held
    assert audited(state)[0][2:] == ("command line", "person_erased", "1 calls")
    again = hotline(state, "export", "--number", KRUSE)
    assert str(again.exception) == "Nothing is held about this person."


def test_what_asterisk_wrote_down_is_in_no_journal_either(state: StateDirectory) -> None:
    """The row is in the ledger and deleted; Asterisk has the file open."""
    done(state, close)
    (state.asterisk / "log").mkdir(parents=True, exist_ok=True)
    path = state.asterisk / "log" / happenings.FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as asterisk:
        asterisk.execute("PRAGMA journal_mode = WAL")
        asterisk.execute(happenings.CREATE)
        asterisk.execute("PRAGMA secure_delete = ON")
        asterisk.execute(f"INSERT INTO {happenings.TABLE} (extra) VALUES (?)", (KRUSE,))  # noqa: S608 - our own name
        asterisk.execute(f"DELETE FROM {happenings.TABLE}")  # noqa: S608
        assert held(path, KRUSE)
        assert hotline(state, "erase", "--yes", "--number", KRUSE).exit_code == 0
        assert not held(path, KRUSE)


def held(path: Path, word: str) -> bool:
    return any(word.encode() in file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


@pytest.mark.parametrize(
    ("still", "word"),
    [("promise", f"is still open ({RECEIPT})"), ("callback", "waits for a callback"), ("call", "is not over")],
)
def test_what_somebody_still_needs_is_erased_by_force_only(state: StateDirectory, still: str, word: str) -> None:
    async def leave(db: Database) -> None:
        if still != "promise":
            await close(db)
        async with db.write() as connection:
            if still == "callback":
                await connection.execute(t.callbacks.update().values(finished_at=None))
            if still == "call":
                await connection.execute(t.calls.update().values(ended_at=None))

    done(state, leave)
    refused = hotline(state, "erase", "--yes", "--number", KRUSE)
    assert isinstance(refused.exception, HotlineError)
    assert word in str(refused.exception)
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}
    assert hotline(state, "erase", "--yes", "--force", "--number", KRUSE).exit_code == 0
    assert done(state, personal) == {table.name: 1 for table in t.PERSONAL}


def test_nothing_is_deleted_before_somebody_has_said_yes(state: StateDirectory) -> None:
    done(state, close)
    refused = hotline(state, "erase", "--number", KRUSE, answer="n\n")
    assert str(refused.exception) == "Nothing was deleted."
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}
    assert hotline(state, "erase", "--number", KRUSE, answer="y\n").exit_code == 0


@pytest.mark.parametrize("command", ["export", "erase"])
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--number", "abc"),
        ("--number", "+1"),
        ("--household", "12"),
        ("--household", "x" * 20),
        ("--receipt", "26-4821-7306"),
        ("--receipt", ""),
        ("--number", KRUSE, "--receipt", RECEIPT),
    ],
    ids=" ".join,
)
def test_who_is_meant_must_be_said_and_possible(state: StateDirectory, command: str, words: tuple[str, ...]) -> None:
    result = hotline(state, command, *words)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_nobody_of_that_number_is_one_plain_sentence(state: StateDirectory) -> None:
    for command in ("export", "erase"):
        result = hotline(state, command, "--number", "05722 333444")
        assert str(result.exception) == "Nothing is held about this person."


async def noted(db: Database) -> list[dict[str, Any]]:
    async with db.read() as connection:
        return [dict(row._mapping) for row in await connection.execute(select(t.erasures))]


def erasure_file(state: StateDirectory) -> ErasureFile:
    return ErasureFile(state.erasures_file, "schaumburg")


def restore(state: StateDirectory, backup: Path) -> None:
    shutil.copy(backup, state.path / "hotline.sqlite")
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}


def again(state: StateDirectory, clock: Clock | None = None) -> None:
    """What the service does before anything of it is up."""
    done(state, lambda db: service._erase_again(db, load(state.config_file), state, clock or Clock()))


@pytest.fixture
def backup(state: StateDirectory, tmp_path: Path) -> Path:
    """Made before Sabine Kruse was erased."""
    done(state, close)
    shutil.copy(state.path / "hotline.sqlite", tmp_path / "backup")
    assert hotline(state, "erase", "--yes", "--number", KRUSE).exit_code == 0
    return tmp_path / "backup"


def test_restored_backup_loses_the_person_again_before_it_serves(state: StateDirectory, backup: Path) -> None:
    restore(state, backup)
    assert done(state, noted) == [], "the notes in the database are as old as the backup"
    again(state)
    assert done(state, personal) == {table.name: 1 for table in t.PERSONAL}
    held = b"".join(file.read_bytes() for file in state.path.glob("hotline.sqlite*"))
    assert KRUSE.encode() not in held
    assert OTHER.encode() in held
    assert done(state, lambda db: Persons(db, "schaumburg", erasure_file(state)).reapply()) == 0


def test_notes_in_the_database_alone_are_enough(state: StateDirectory, backup: Path) -> None:
    rows = done(state, noted)
    assert len(rows) == len(t.PERSONAL)
    assert not [word for word in SECRETS if word in str(rows)]
    restore(state, backup)
    state.erasures_file.unlink()

    async def take_over(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(insert(t.erasures), rows)

    done(state, take_over)
    again(state)
    assert done(state, personal) == {table.name: 1 for table in t.PERSONAL}


def test_row_that_got_an_erased_number_since_then_stays(state: StateDirectory, tmp_path: Path) -> None:
    """An empty backup is restored: the numbers of erased rows are given to somebody else's."""
    file = state.path / "hotline.sqlite"
    done(state, close)
    assert hotline(state, "erase", "--yes", "--number", KRUSE).exit_code == 0
    file.unlink()
    later = datetime.now(UTC) + timedelta(minutes=1)
    done(state, lambda db: fill(db, "new", OTHER, "31402000000", OTHERS_RECEIPT, "Falke", "Apfelmus", later))
    before = AT + timedelta(microseconds=1)
    done(state, lambda db: fill(db, "old", OTHER, "31402000001", "26-1177-3041", "Falke", "Apfelmus", before))
    again(state)
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}


def test_draft_of_an_erased_call_stays_when_it_was_written_since(state: StateDirectory, backup: Path) -> None:
    restore(state, backup)
    later = datetime.now(UTC) + timedelta(minutes=1)

    async def write(db: Database) -> None:
        await Drafts(db, "schaumburg").save("kruse", "ben", Draft(2, {"note": "neu"}, later))

    done(state, write)
    again(state)
    assert done(state, personal)["drafts"] == 2
    assert done(state, lambda db: Drafts(db, "schaumburg").of("kruse", "anna")) is None


def test_notes_are_for_the_owner_only_and_say_nothing_about_the_person(state: StateDirectory, backup: Path) -> None:
    assert backup.exists()
    text = state.erasures_file.read_text("utf-8")
    assert state.erasures_file.stat().st_mode & 0o777 == 0o600
    assert not [word for word in (*SECRETS, RECEIPT) if word in text]
    assert len(text.splitlines()) == len(t.PERSONAL)
    assert [note.made for note in erasure_file(state).notes()].count(AT) == 5


def test_half_a_line_costs_no_other_one(state: StateDirectory, backup: Path) -> None:
    assert backup.exists()
    known = erasure_file(state).notes()
    with state.erasures_file.open("a") as file:
        file.write('{"hotline": "schaumb')
    erasure_file(state).append(known[:1])
    assert erasure_file(state).notes() == [*known, known[0]]
    assert ErasureFile(state.erasures_file, "other").notes() == []


def test_nothing_is_erased_that_cannot_be_noted(state: StateDirectory) -> None:
    done(state, close)
    state.erasures_file.mkdir()
    refused = hotline(state, "erase", "--yes", "--number", KRUSE)
    assert isinstance(refused.exception, SetupError)
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}


def test_file_is_not_for_the_database_of_moved_time(state: StateDirectory, backup: Path) -> None:
    restore(state, backup)
    again(state, Clock(timedelta(days=1)))
    assert done(state, personal) == {table.name: 2 for table in t.PERSONAL}


@pytest.mark.parametrize("restored", [False, True], ids=["erased", "erased again"])
def test_what_waits_to_be_sent_does_not_wait_without_its_text(state: StateDirectory, restored: bool) -> None:
    async def wait(db: Database) -> None:
        await close(db)
        async with db.write() as connection:
            await connection.execute(t.outbox.update().values(state="waiting"))
            await connection.execute(t.short_messages.update().values(state="waiting"))

    done(state, wait)
    backup = state.path / "backup"
    shutil.copy(state.path / "hotline.sqlite", backup)
    assert hotline(state, "erase", "--yes", "--number", KRUSE).exit_code == 0
    if restored:
        restore(state, backup)
        again(state)

    async def standing(db: Database) -> list[Any]:
        async with db.read() as connection:
            queries = [select(table.c["state", "code"]).order_by(table.c.id) for table in (t.outbox, t.short_messages)]
            return [[tuple(row) for row in await connection.execute(query)] for query in queries]

    assert done(state, standing) == [[("refused", "erased"), ("waiting", None)]] * 2

    async def pause(db: Database) -> tuple[float, bool]:
        outbox = Outbox(db, "schaumburg")
        [other] = await outbox.due(datetime.now(UTC))
        await outbox.sent(other.id, AT)
        sender = MailSender(outbox, load(state.config_file).mail, Clock())
        return await sender._pause(), await sender.retry(other.id - 1)

    assert done(state, pause) == (IDLE, False)


def test_every_personal_table_is_exported_and_erased() -> None:
    assert set(keys()) == {table.name for table in t.PERSONAL}
