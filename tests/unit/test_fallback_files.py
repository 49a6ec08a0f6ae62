"""What lies in Asterisk's directories for the time without the service: the dialplan anew each day, the table."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePath

import pytest

from dialplan import happenings
from dialplan.facts import AsteriskFacts
from hotline.errors import SetupError
from hotline.setup import happenings_file
from hotline.setup.asterisk_files import rerender
from tests.unit.test_render import FACTS, shipped


@pytest.fixture
def facts(tmp_path: Path) -> AsteriskFacts:
    (tmp_path / "etc").mkdir()
    return replace(FACTS, directories=replace(FACTS.directories, etc=PurePath(tmp_path / "etc")))


def test_dialplan_is_written_only_when_it_has_changed(facts: AsteriskFacts) -> None:
    path = Path(facts.directories.etc) / "extensions.conf"
    assert rerender(shipped(), facts) is True
    first = path.read_text("utf-8")
    assert rerender(shipped(), replace(facts, now=facts.now + timedelta(hours=1))) is False
    assert rerender(shipped(), replace(facts, now=facts.now + timedelta(days=1))) is True
    assert path.read_text("utf-8") != first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["extensions.conf"]


def test_dialplan_that_cannot_be_rendered_leaves_the_old_one(facts: AsteriskFacts) -> None:
    rerender(shipped(), facts)
    path = Path(facts.directories.etc) / "extensions.conf"
    before = path.read_text("utf-8")
    nat = {"external_address": "203.0.113.7", "local_networks": []}
    gateways = [
        {"name": name, "addresses": ["10.0.0.1"], "called_numbers": ["9824"], "nat": nat | {"external_address": outer}}
        for name, outer in (("one", "203.0.113.7"), ("two", "203.0.113.8"))
    ]
    with pytest.raises(SetupError, match="external_address differs"):
        rerender(shipped(*gateways), facts)
    assert path.read_text("utf-8") == before


def columns(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [row[1] for row in database.execute(f"PRAGMA table_info({happenings.TABLE})")]


def test_table_is_made_as_asterisk_wants_it_and_for_the_owner_only(tmp_path: Path) -> None:
    happenings_file.make(tmp_path)
    path = tmp_path / happenings.FILE
    assert columns(path) == ["AcctId", *happenings.COLUMNS]
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_has_happened_stays_when_everything_is_written_anew(tmp_path: Path) -> None:
    happenings_file.make(tmp_path)
    path = tmp_path / happenings.FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"INSERT INTO {happenings.TABLE} (event) VALUES ('hl_end')")  # noqa: S608
    happenings_file.make(tmp_path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute(f"SELECT AcctId, event FROM {happenings.TABLE}").fetchall() == [(1, "hl_end")]  # noqa: S608


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 100, None])
def test_damaged_or_foreign_file_is_put_aside(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / happenings.FILE
    if content is None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"CREATE TABLE {happenings.TABLE} (other TEXT)")
    else:
        path.write_bytes(content)
        path.with_name(f"{path.name}-wal").write_bytes(b"old")
    happenings_file.make(tmp_path)
    assert columns(path) == ["AcctId", *happenings.COLUMNS]
    assert path.with_name(path.name + happenings_file.DAMAGED).exists()


def test_directory_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"master\.db cannot be written"):
        happenings_file.make(tmp_path / "missing")
