"""`hotline user` and `hotline config`, on the database of a state directory."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.editing import Edit, Kind, edited
from config.loading import load
from hotline.cli import cli
from hotline.cli.user import CLOSED
from hotline.errors import ConfigurationBroken, HotlineError, SetupError
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts, Role, User
from hotline.storage.database import Database
from hotline.storage.staff import Staff
from hotline.storage.versions import Versions


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    directory = StateDirectory(tmp_path / "state")
    directory.prepare()
    return directory


@pytest.fixture
def hotline_id(state: StateDirectory) -> str:
    return load(state.config_file).hotline.id


@pytest.fixture
def used(state: StateDirectory, hotline_id: str, monkeypatch: pytest.MonkeyPatch) -> StateDirectory:
    monkeypatch.delenv("HOTLINE_DATABASE_URL", raising=False)

    async def fill() -> None:
        database = Database(state.database_url(moved=False))
        await database.open()
        await Accounts(database, hotline_id).ensure_user("anna", "alt", "agent")
        for text in ("# eins\n", "# zwei\n"):
            await Versions(database, hotline_id).activate(text, "admin", datetime(2026, 11, 23, 8, tzinfo=UTC))
        await database.close()

    asyncio.run(fill())
    return state


def hotline(*words: str, state: StateDirectory) -> Result:
    return CliRunner().invoke(cli, [*words, "--state", str(state.path)])


def accepts(state: StateDirectory, hotline_id: str, password: str) -> bool:
    return known(state, hotline_id, "anna", password) is not None


def known(state: StateDirectory, hotline_id: str, name: str, password: str) -> User | None:
    async def ask() -> User | None:
        database = Database(state.database_url(moved=False))
        await database.open()
        try:
            return await Accounts(database, hotline_id).verify(name, password)
        finally:
            await database.close()

    return asyncio.run(ask())


def test_list_names_each_account_with_its_role(used: StateDirectory) -> None:
    hotline("user", "add", "ben", "lead", state=used)
    lines = hotline("user", "list", state=used).output.splitlines()
    assert [line.split() for line in lines] == [
        ["anna", "agent"],
        ["ben", "lead", "must", "change", "the", "password"],
    ]


def test_list_names_accounts_at_which_nobody_can_log_in(used: StateDirectory, hotline_id: str) -> None:
    async def close() -> None:
        database = Database(used.database_url(moved=False))
        await database.open()
        await Staff(database, hotline_id).close(["anna"], datetime(2026, 11, 23, 8, tzinfo=UTC))
        await database.close()

    asyncio.run(close())
    assert "closed: no agent of the configuration" in hotline("user", "list", state=used).output
    assert not accepts(used, hotline_id, "alt")


def test_new_password_is_printed_once_and_replaces_the_old(used: StateDirectory, hotline_id: str) -> None:
    result = hotline("user", "password", "anna", state=used)
    name, _, password = result.output.strip().partition(": ")
    assert (result.exit_code, name) == (0, "anna")
    assert accepts(used, hotline_id, password)
    assert not accepts(used, hotline_id, "alt")


def test_added_account_gets_a_generated_password_that_must_be_changed(used: StateDirectory, hotline_id: str) -> None:
    result = hotline("user", "add", "ben", "lead", state=used)
    name, _, password = result.output.strip().partition(": ")
    assert (result.exit_code, name) == (0, "ben")
    assert known(used, hotline_id, "ben", password) == User("ben", Role.LEAD, must_change=True)


def test_reset_password_must_be_changed_again(used: StateDirectory, hotline_id: str) -> None:
    password = hotline("user", "password", "anna", state=used).output.strip().partition(": ")[2]
    assert known(used, hotline_id, "anna", password) == User("anna", Role.AGENT, must_change=True)


def test_role_is_changed_and_an_account_is_removed(used: StateDirectory, hotline_id: str) -> None:
    assert hotline("user", "role", "anna", "auditor", state=used).exit_code == 0
    assert known(used, hotline_id, "anna", "alt") == User("anna", Role.AUDITOR)
    assert hotline("user", "remove", "anna", state=used).exit_code == 0
    assert known(used, hotline_id, "anna", "alt") is None


def test_accounts_are_those_of_the_hotline_that_runs_also_on_trial(used: StateDirectory) -> None:
    note = {"pid": os.getpid(), "database_url": used.database_url(moved=True), "moved": True, "initial": []}
    (used.path / "running.json").write_text(json.dumps(note), "utf-8")
    hotline("user", "add", "klara", "admin", state=used)
    (line,) = hotline("user", "list", state=used).output.splitlines()
    assert line.split()[:2] == ["klara", "admin"]
    (used.path / "running.json").unlink()
    assert "klara" not in hotline("user", "list", state=used).output


def test_name_that_is_taken_is_one_plain_sentence(used: StateDirectory) -> None:
    result = hotline("user", "add", "anna", "lead", state=used)
    assert isinstance(result.exception, HotlineError)
    assert str(result.exception) == "There is an account named anna already: see `hotline user list`."


def use(state: StateDirectory, hotline_id: str, text: str) -> None:
    """A version is active that can be read."""

    async def activate() -> None:
        database = Database(state.database_url(moved=False))
        await database.open()
        await Versions(database, hotline_id).activate(text, "admin", datetime(2026, 11, 23, 8, tzinfo=UTC))
        await database.close()

    asyncio.run(activate())


def without_anna(state: StateDirectory) -> str:
    return edited(state.config_file.read_text("utf-8"), [Edit(Kind.REMOVE, ("agents", 0))])


def test_agent_whom_the_configuration_does_not_name_gets_no_account(used: StateDirectory, hotline_id: str) -> None:
    use(used, hotline_id, without_anna(used))
    hotline("user", "remove", "anna", state=used)
    result = hotline("user", "add", "anna", "agent", state=used)
    assert str(result.exception).startswith("No agent of the configuration is named anna: add the agent there")
    assert hotline("user", "list", state=used).output == ""
    assert hotline("user", "add", "ben", "agent", state=used).exit_code == 0


def test_closed_account_is_named_with_its_new_password(used: StateDirectory, hotline_id: str) -> None:
    use(used, hotline_id, without_anna(used))
    assert "closed" not in hotline("user", "password", "anna", state=used).output
    said = hotline("user", "role", "anna", "agent", state=used).output
    assert said.splitlines()[1] == CLOSED.format("anna")
    said = hotline("user", "password", "anna", state=used).output
    assert said.splitlines()[1] == CLOSED.format("anna")
    assert not accepts(used, hotline_id, said.splitlines()[0].partition(": ")[2])
    assert "closed" not in hotline("user", "role", "anna", "admin", state=used).output
    assert accepts(used, hotline_id, said.splitlines()[0].partition(": ")[2])


@pytest.mark.parametrize("where", ["in the configuration", "taken out", "taken out, on trial"])
def test_telephone_of_a_removed_account_keeps_its_password_for_the_same_place_only(
    used: StateDirectory, hotline_id: str, where: str
) -> None:
    before = used.secrets(["anna", "ben"])
    if where != "in the configuration":
        use(used, hotline_id, without_anna(used))
    if where == "taken out, on trial":
        (used.path / "moved.sqlite").write_bytes((used.path / "hotline.sqlite").read_bytes())
        note = {"pid": os.getpid(), "database_url": used.database_url(moved=True), "moved": True, "initial": []}
        (used.path / "running.json").write_text(json.dumps(note), "utf-8")
    assert hotline("user", "remove", "anna", state=used).exit_code == 0
    assert ("anna" in used.phone_secrets()) == (where != "taken out")
    assert used.phone_secrets()["ben"] == before.phone_secrets["ben"]


@pytest.mark.parametrize(
    "words", [("Anna", "lead"), ("a b", "lead"), ("", "lead"), ("x" * 41, "lead"), ("ben", "boss")]
)
def test_impossible_name_or_role_is_wrong_use(used: StateDirectory, words: tuple[str, str]) -> None:
    assert hotline("user", "add", *words, state=used).exit_code == 2


@pytest.mark.parametrize("words", [("password",), ("remove",), ("role", "lead")])
def test_unknown_account_is_answered_with_those_there_are(used: StateDirectory, words: tuple[str, ...]) -> None:
    result = hotline("user", words[0], "niemand", *words[1:], state=used)
    assert isinstance(result.exception, HotlineError)
    assert str(result.exception) == "There is no account named niemand; known accounts: anna."


def test_versions_are_listed_newest_first_and_the_active_one_is_marked(used: StateDirectory) -> None:
    lines = hotline("config", "list", state=used).output.splitlines()
    assert [line.split() for line in lines] == [
        ["2", "2026-11-23", "08:00", "UTC", "admin", "active"],
        ["1", "2026-11-23", "08:00", "UTC", "admin"],
    ]


@pytest.mark.parametrize(("version", "text"), [([], "# zwei\n"), (["1"], "# eins\n"), (["2"], "# zwei\n")])
def test_text_of_a_version_is_shown_as_it_was_activated(used: StateDirectory, version: list[str], text: str) -> None:
    assert hotline("config", "show", *version, state=used).output == text


def test_unknown_version_is_one_plain_sentence(used: StateDirectory) -> None:
    result = hotline("config", "show", "9", state=used)
    assert isinstance(result.exception, HotlineError)
    assert "hotline config list" in str(result.exception)


def test_directory_without_a_hotline_says_how_to_make_one(tmp_path: Path) -> None:
    result = hotline("user", "list", state=StateDirectory(tmp_path / "nothing"))
    assert isinstance(result.exception, SetupError)
    assert "make run" in str(result.exception)
    assert not (tmp_path / "nothing").exists()


def test_broken_configuration_is_said_with_its_findings(used: StateDirectory) -> None:
    used.config_file.write_text("hotline: [")
    result = hotline("user", "list", state=used)
    assert isinstance(result.exception, ConfigurationBroken)
    assert str(used.config_file) in str(result.exception)
