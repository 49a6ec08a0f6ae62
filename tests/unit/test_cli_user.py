"""`hotline user` and `hotline config`, on the database of a state directory."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.loading import load
from hotline.cli import cli
from hotline.errors import ConfigurationBroken, HotlineError, SetupError
from hotline.state import StateDirectory
from hotline.storage.accounts import Accounts
from hotline.storage.database import Database
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
    async def ask() -> bool:
        database = Database(state.database_url(moved=False))
        await database.open()
        try:
            return await Accounts(database, hotline_id).verify("anna", password) is not None
        finally:
            await database.close()

    return asyncio.run(ask())


def test_list_names_each_account_with_its_role(used: StateDirectory) -> None:
    assert hotline("user", "list", state=used).output.split() == ["anna", "agent"]


def test_new_password_is_printed_once_and_replaces_the_old(used: StateDirectory, hotline_id: str) -> None:
    result = hotline("user", "password", "anna", state=used)
    name, _, password = result.output.strip().partition(": ")
    assert (result.exit_code, name) == (0, "anna")
    assert accepts(used, hotline_id, password)
    assert not accepts(used, hotline_id, "alt")


def test_unknown_account_is_answered_with_those_there_are(used: StateDirectory) -> None:
    result = hotline("user", "password", "niemand", state=used)
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
