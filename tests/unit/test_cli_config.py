"""`hotline config`: what changed, and how another configuration comes into use, with and without a running hotline."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hotline.changing.door import Door, socket_of
from hotline.changing.model import Activated, NewAccount, Progress, Step
from hotline.cli import cli
from hotline.errors import ConfigurationBroken, HotlineError, Refused, SetupError
from hotline.locks import exclusive
from hotline.state import StateDirectory
from hotline.storage.config_drafts import ConfigDrafts
from hotline.storage.database import Database
from hotline.storage.versions import ActiveVersion, Versions

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOTLINE = "schaumburg"


class House:
    """A state directory with one version, and another text."""

    def __init__(self, directory: Path, shipped: str) -> None:
        self.state, self.shipped = StateDirectory(directory / "s"), shipped
        self.state.prepare()
        self.other = shipped.replace("ring_seconds: 12", "ring_seconds: 15")
        self.file = directory / "other.yaml"
        self.file.write_text(self.other, "utf-8")
        self.with_database(lambda db: Versions(db, HOTLINE).activate(shipped, "file", NINE))

    def with_database(self, work):  # type: ignore[no-untyped-def]
        async def go():  # type: ignore[no-untyped-def]
            database = Database(self.state.database_url())
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(go())

    def active(self) -> ActiveVersion:
        found: ActiveVersion = self.with_database(lambda db: Versions(db, HOTLINE).active())
        return found

    def draft(self, text: str) -> None:
        self.with_database(lambda db: ConfigDrafts(db, HOTLINE).save(text, "anna", NINE, None, 1))

    def config(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["config", *words, "--state", str(self.state.path)])


class Service:
    """A running hotline's door, in a thread of its own."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self.done: Activated | Exception = Activated(7, ("Wählplan",))

    async def activate(self, author: str, reason: str, revision: int, progress: Progress) -> Activated:
        return self._answer("activate draft", reason, revision, progress)

    async def activate_text(self, author: str, reason: str, text: str, progress: Progress) -> Activated:
        return self._answer("activate", reason, text, progress)

    async def roll_back(self, author: str, number: int, reason: str, progress: Progress) -> Activated:
        return self._answer("roll back", reason, number, progress)

    def _answer(self, what: str, reason: str, which: object, progress: Progress) -> Activated:
        self.asked.append((what, reason, which))
        progress(Step.PROMPTS, 1, 2)
        progress(Step.PROMPTS, 1, 2)
        progress(Step.ASTERISK, 0, 0)
        if isinstance(self.done, Exception):
            raise self.done
        return self.done

    @contextmanager
    def running(self, state: StateDirectory) -> Iterator[None]:
        loop, door = asyncio.new_event_loop(), Door(socket_of(state), self)
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        asyncio.run_coroutine_threadsafe(door.open(), loop).result(10)
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(door.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


@pytest.fixture
def house(tmp_path: Path, shipped_text: str, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)
    return House(tmp_path, shipped_text)


def sentence(result: Result, kind: type[Exception] = HotlineError) -> str:
    assert isinstance(result.exception, kind), (result.exception, result.output)
    return str(result.exception)


# --- without a running hotline ---------------------------------------------------------------


def test_file_is_active_from_the_next_start_on(house: House) -> None:
    result = house.config("activate", str(house.file), "--reason", "länger klingeln")
    assert (result.exit_code, result.output) == (0, "Version 2 is active from the next start of the hotline on.\n")
    assert house.active() == (2, house.other)
    assert house.state.config_file.read_text("utf-8") == house.other
    assert "länger klingeln" in house.config("list").output


def test_rollback_makes_an_earlier_version_the_newest(house: House) -> None:
    house.config("activate", str(house.file))
    assert house.config("rollback", "1").exit_code == 0
    assert house.active() == (3, house.shipped)
    assert "already" in sentence(house.config("rollback", "1"))
    assert "config list" in sentence(house.config("rollback", "9"))


def test_draft_is_listed_shown_compared_checked_and_activated(house: House) -> None:
    assert "no draft" in sentence(house.config("activate"))
    house.draft(house.other)
    assert house.config("list").output.splitlines()[-1].startswith("draft  from version 1")
    assert house.config("show", "draft").output == house.other
    assert "+  ring_seconds: 15" in house.config("diff", "active", "draft", "--text").output
    assert house.config("check").exit_code == 0
    assert house.config("activate").exit_code == 0
    assert house.active() == (2, house.other)


def test_broken_configuration_is_not_activated_and_every_finding_is_told(house: House) -> None:
    house.file.write_text(house.shipped.replace("ring_seconds: 12", "ring_seconds: 1") + "\nextra: 1\n", "utf-8")
    for words in (("activate", str(house.file)), ("check", str(house.file))):
        told = sentence(house.config(*words), ConfigurationBroken)
        assert "distribution.ring_seconds" in told
        assert "extra" in told
    assert house.active().version == 1


def test_warnings_are_told_and_keep_nothing_from_being_activated(house: House) -> None:
    house.file.write_text(
        house.shipped.replace('["08:00-18:00"]', "[]").replace("friday: []", 'friday: ["08:00-08:01"]')
    )
    result = house.config("check", str(house.file))
    assert result.exit_code == 0
    assert ": warning: " in result.stderr
    assert result.stdout.endswith("in Ordnung (Jobcenter Schaumburg)\n")


def test_password_that_is_missing_is_told_before_anything_is_stored(house: House) -> None:
    text = house.shipped.replace("\nmail:\n", "\nmail:\n")
    gateway = "\ngateways:\n  - name: amt\n    called_numbers: ['057219824']\n"
    gateway += "    registration: {server: sip.example.de, user: hotline, secret_file: missing.secret}\n"
    house.file.write_text(text.replace("\ngateways:\n", gateway), "utf-8")
    assert "missing.secret" in sentence(house.config("activate", str(house.file)), SetupError)
    assert house.active().version == 1


def test_other_hotline_is_refused(house: House) -> None:
    house.file.write_text(house.shipped.replace("id: schaumburg", "id: fremd"), "utf-8")
    assert "hotline.id" in sentence(house.config("activate", str(house.file)))


def test_hotline_that_is_just_starting_is_not_disturbed(house: House) -> None:
    with exclusive(house.state.path / "run.lock"):
        assert "try again" in sentence(house.config("activate", str(house.file)), SetupError)
    assert house.active().version == 1


@pytest.mark.parametrize("name", ["nirgends.yaml", "7", "99999999999"])
def test_name_of_nothing_is_one_sentence(house: House, name: str) -> None:
    assert sentence(house.config("diff", "1", name))


def test_readable_difference_names_the_section(house: House) -> None:
    lines = house.config("diff", "1", str(house.file)).output.splitlines()
    assert len(lines) == 1
    assert "distribution.ring_seconds" in lines[0]
    assert "12" in lines[0]
    assert "15" in lines[0]


def test_broken_file_in_use_does_not_keep_anybody_from_going_back(house: House) -> None:
    house.config("activate", str(house.file))
    house.state.config_file.write_text("kaputt: [", "utf-8")
    assert house.config("list").exit_code == 0
    assert house.config("rollback", "1").exit_code == 0
    assert house.state.config_file.read_text("utf-8") == house.shipped


def test_no_hotline_there_is_one_sentence(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["config", "list", "--state", str(tmp_path / "nichts")])
    assert "There is no hotline" in sentence(result, SetupError)


def test_wrong_use_is_exit_code_two(house: House) -> None:
    assert house.config("rollback", "eins").exit_code == 2
    assert house.config("rollback").exit_code == 2


def test_draft_that_was_begun_from_an_older_version_is_not_activated(house: House) -> None:
    house.draft(house.other)
    third = house.shipped.replace("ring_seconds: 12", "ring_seconds: 17")
    house.with_database(lambda db: Versions(db, HOTLINE).activate(third, "anna", NINE))
    assert "begun from version 1, but 2 is active" in sentence(house.config("activate"))
    assert house.active() == (2, third)


def test_activated_draft_is_one_no_longer(house: House) -> None:
    house.draft(house.other)
    assert house.config("activate").exit_code == 0
    assert "draft" not in house.config("list").output


def test_activation_tells_warnings_and_wants_a_reason(house: House) -> None:
    text = house.shipped.replace('["08:00-18:00"]', "[]").replace("friday: []", 'friday: ["08:00-08:01"]')
    house.file.write_text(text, "utf-8")
    assert sentence(house.config("activate", str(house.file), "--reason", " "))
    assert ": warning: " in house.config("activate", str(house.file)).stderr


# --- while it runs ---------------------------------------------------------------------------


def test_running_hotline_does_it_itself_and_tells_how_far_it_is(house: House) -> None:
    service = Service()
    with service.running(house.state):
        result = house.config("activate", str(house.file), "--reason", "weil")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "making the prompts 1 of 2",
        "bringing Asterisk up to date",
        "Version 7 is active: new calls begin with it.",
        "Asterisk has read anew: Wählplan.",
    ]
    assert service.asked == [("activate", "weil", house.other)]
    assert house.active().version == 1, "not written past the service"


def test_running_hotline_activates_the_draft_that_was_seen(house: House) -> None:
    service = Service()
    house.draft(house.other)
    with service.running(house.state):
        assert house.config("activate", "--reason", "weil").exit_code == 0
    assert service.asked == [("activate draft", "weil", 1)]


def test_running_hotline_goes_back(house: House) -> None:
    service = Service()
    with service.running(house.state):
        assert house.config("rollback", "1", "--reason", "weil").exit_code == 0
    assert service.asked == [("roll back", "weil", 1)]


def test_what_differs_and_what_waits_is_told(house: House) -> None:
    service = Service()
    service.done = Activated(7, (), ("Asterisk kennt das Telefon nicht.",), ("network",), (NewAccount("neu", "abc"),))
    service.done = replace(service.done, people=("Das Konto alt ist geschlossen.",))
    with service.running(house.state):
        words = ["config", "activate", str(house.file), "--state", str(house.state.path)]
        result = CliRunner().invoke(cli, words, standalone_mode=False)
    assert result.return_value == 1
    assert "New account neu, initial password abc" in result.output
    assert "From the next start of the hotline on: network." in result.output
    assert "Das Konto alt ist geschlossen." in result.stdout
    assert "Asterisk kennt das Telefon nicht." in result.stderr


def test_refusal_of_the_running_hotline_is_the_answer(house: House) -> None:
    service = Service()
    service.done = Refused("Diese Version ist schon in Kraft.")
    with service.running(house.state):
        assert sentence(house.config("activate", str(house.file))) == "Diese Version ist schon in Kraft."


def test_database_of_the_running_hotline_is_the_one_that_is_read(house: House) -> None:
    async def on_trial() -> None:
        database = Database(house.state.database_url(moved=True))
        await database.open()
        await Versions(database, HOTLINE).activate(house.other, "file", NINE)
        await database.close()

    asyncio.run(on_trial())
    note = {"pid": os.getpid(), "database_url": house.state.database_url(moved=True)}
    (house.state.path / "running.json").write_text(json.dumps(note), "utf-8")
    assert house.config("show").output == house.other


def test_empty_database_is_no_place_to_activate_anything(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", f"sqlite:///{house.state.path}/leer.sqlite")
    assert "No configuration is active yet" in sentence(house.config("activate", str(house.file)))
