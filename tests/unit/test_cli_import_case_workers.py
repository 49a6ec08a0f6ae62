"""`hotline config import-case-workers FILE`: into the draft, never into what is in use."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hotline.cli import cli
from hotline.errors import ConfigurationBroken, HotlineError
from hotline.state import StateDirectory
from hotline.storage.config_drafts import ConfigDrafts
from hotline.storage.database import Database
from hotline.storage.versions import Versions

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOTLINE = "schaumburg"
HEADING = "Name;E-Mail;Standorte;Buchstaben;Vertretung\n"
TABLE = HEADING + "Frau Neu;neu@jobcenter.example;Stadthagen, Rinteln;;\n"
LINE = "  - {name: Frau Neu, email: neu@jobcenter.example, offices: [stadthagen, rinteln]}"


class House:
    """A state directory with one version."""

    def __init__(self, directory: Path, shipped: str) -> None:
        self.state, self.table = StateDirectory(directory / "s"), directory / "table.csv"
        self.state.prepare()
        self._with(lambda db: Versions(db, HOTLINE).activate(shipped, "file", NINE))

    def draft(self) -> str | None:
        row = self._with(lambda db: ConfigDrafts(db, HOTLINE).current())
        return None if row is None else row.text

    def save(self, text: str) -> None:
        self._with(lambda db: ConfigDrafts(db, HOTLINE).save(text, "anna", NINE, None, 1))

    def command(self, table: bytes | str, *words: str) -> Result:
        self.table.write_bytes(table if isinstance(table, bytes) else table.encode())
        path, state = str(self.table), str(self.state.path)
        return CliRunner().invoke(cli, ["config", "import-case-workers", path, *words, "--state", state])

    def _with(self, work: Callable[[Database], Awaitable[Any]]) -> Any:
        async def go() -> Any:
            database = Database(self.state.database_url())
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(go())


@pytest.fixture
def house(tmp_path: Path, shipped_text: str) -> House:
    return House(tmp_path, shipped_text)


def test_a_draft_is_made_of_what_is_in_use(house: House, shipped_text: str) -> None:
    done = house.command(TABLE)
    assert (done.exit_code, done.exception) == (0, None)
    assert done.stdout.startswith("1 entries are in the draft (revision 1)")
    draft = house.draft()
    assert draft is not None
    assert [line for line in draft.splitlines() if line not in shipped_text.splitlines()] == [LINE]


def test_a_draft_that_is_there_keeps_its_other_changes(house: House, shipped_text: str) -> None:
    house.save(shipped_text.replace("ring_seconds: 12", "ring_seconds: 15"))
    assert house.command("\ufeff" + TABLE).exit_code == 0
    draft = house.draft()
    assert draft is not None
    assert "ring_seconds: 15" in draft
    assert LINE in draft


def test_printing_saves_nothing(house: House) -> None:
    done = house.command(TABLE, "--print")
    assert done.exit_code == 0
    assert LINE in done.stdout.splitlines()
    assert house.draft() is None


def test_all_that_is_wrong_is_named_by_line_and_nothing_is_saved(house: House) -> None:
    done = house.command(HEADING + "A;a@x.example;Nirgends;;\nB;b@x.example;Rinteln;7;\n")
    assert isinstance(done.exception, ConfigurationBroken)
    assert [finding.split(": ")[1] for finding in done.exception.findings] == ["Zeile 2", "Zeile 3"]
    assert house.draft() is None


def test_what_the_configuration_does_not_allow_is_named(house: House) -> None:
    done = house.command(HEADING + "A;a@x.example;Rinteln;;nobody@x.example\n")
    assert isinstance(done.exception, ConfigurationBroken)
    assert "case_workers.0.deputy: no case worker has the address" in done.exception.findings[0]
    assert house.draft() is None


def test_a_draft_with_findings_has_to_be_corrected_first(house: House) -> None:
    house.save("nonsense: true\n")
    done = house.command(TABLE)
    assert isinstance(done.exception, HotlineError)
    assert "The draft has findings" in str(done.exception)


def test_another_encoding_is_one_plain_sentence(house: House) -> None:
    done = house.command(TABLE.replace("Neu", "Grün").encode("latin-1"))
    assert isinstance(done.exception, HotlineError)
    assert "is not UTF-8" in str(done.exception)
