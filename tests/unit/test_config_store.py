"""File and version come into use together or not at all; a file edited by hand never wins silently nor is it lost."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hotline.changing import store as module
from hotline.changing.config_file import BEGUN, EDITED, keep_beside, write_whole
from hotline.changing.store import InUse, Store, settle, settle_file, take_file
from hotline.errors import ConfigurationBroken, HotlineError, Refused, SetupError, StorageError
from hotline.state import StateDirectory
from hotline.storage.config_drafts import ConfigDrafts
from hotline.storage.database import Database
from hotline.storage.versions import Versions

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOTLINE = "schaumburg"


class House:
    def __init__(self, directory: Path, shipped: str) -> None:
        self.state = StateDirectory(directory)
        self.file, self.shipped = self.state.config_file, shipped
        self.other = shipped.replace("ring_seconds: 12", "ring_seconds: 15")
        self.third = shipped.replace("ring_seconds: 12", "ring_seconds: 17")
        assert self.other != shipped
        self.file.write_text(shipped, "utf-8")
        self.db = Database(f"sqlite:///{directory}/hotline.sqlite")
        self.versions, self.drafts = Versions(self.db, HOTLINE), ConfigDrafts(self.db, HOTLINE)
        self.store = Store(self.versions, self.file)

    async def settle(self) -> InUse:
        return await settle(self.db, self.state, NINE)

    async def is_active(self, text: str) -> bool:
        active = await self.versions.active()
        return active is not None and active.text == text and self.file.read_text("utf-8") == text


@pytest.fixture
async def house(tmp_path: Path, shipped_text: str) -> AsyncIterator[House]:
    one = House(tmp_path, shipped_text)
    await one.db.open()
    yield one
    await one.db.close()


async def test_first_start_takes_the_file(house: House) -> None:
    found = await house.settle()
    assert (found.version, found.text, found.notice) == (1, house.shipped, None)
    assert [(row.version, row.author) for row in await house.versions.all()] == [(1, "file")]
    assert (await house.settle()).version == 1


async def test_nothing_is_stored_before_the_first_start(house: House) -> None:
    assert await settle_file(house.db, house.state, NINE) is None
    assert await house.versions.active() is None
    await house.settle()
    house.file.write_text(house.other, "utf-8")
    assert "kept as the draft" in (await settle_file(house.db, house.state, NINE) or "")


async def test_both_are_written(house: House) -> None:
    await house.settle()
    house.file.chmod(0o640)
    assert await house.store.put(house.other, "anna", NINE, "weil") == 2
    assert await house.is_active(house.other)
    assert house.file.stat().st_mode & 0o777 == 0o640
    assert (await house.versions.all())[0].reason == "weil"


@pytest.mark.parametrize("where", ["the file", "the row", "the commit"])
async def test_when_one_fails_the_other_does_not_win(house: House, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    await house.settle()
    real, failed = write_whole, []

    def write(path: Path, content: bytes) -> None:
        if where == "the file" and not failed:
            failed.append(path)
            raise OSError(28, "No space left on device")
        real(path, content)

    async def activate(*_: Any, before_commit: Any, **__: Any) -> int:
        if where == "the commit":
            await before_commit()
        raise StorageError("The database cannot be used.")

    monkeypatch.setattr(module, "write_whole", write)
    if where != "the file":
        monkeypatch.setattr(house.versions, "activate", activate)
    with pytest.raises((Refused, StorageError)):
        await house.store.put(house.other, "anna", NINE, "weil")
    assert await house.is_active(house.shipped)
    assert (await house.settle()).notice is None


async def test_answer_that_was_lost_after_the_commit_counts_as_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.settle()
    real = house.versions.activate

    async def activate(*words: Any, **more: Any) -> int:
        await real(*words, **more)
        raise StorageError("The connection was lost.")

    monkeypatch.setattr(house.versions, "activate", activate)
    assert await house.store.put(house.other, "anna", NINE, "weil") == 2
    assert await house.is_active(house.other)


async def test_other_version_than_expected_is_refused(house: House) -> None:
    await house.settle()
    with pytest.raises(Refused):
        await house.store.put(house.other, "anna", NINE, "weil", expected=7)
    assert await house.is_active(house.shipped)


async def test_killed_between_file_and_commit_the_old_one_is_in_use_and_the_draft_is_kept(house: House) -> None:
    await house.settle()
    draft = await house.drafts.save(house.other, "anna", NINE, None, 1)
    house.file.write_text(house.other, "utf-8")
    found = await house.settle()
    assert (found.version, found.text) == (1, house.shipped)
    assert await house.is_active(house.shipped)
    assert await house.drafts.current() == draft


async def test_file_edited_by_hand_becomes_the_draft(house: House) -> None:
    await house.settle()
    house.file.write_text(house.other, "utf-8")
    found = await house.settle()
    assert (found.version, found.text) == (1, house.shipped)
    assert found.notice is not None
    assert "kept as the draft" in found.notice
    assert await house.is_active(house.shipped)
    draft = await house.drafts.current()
    assert draft is not None
    assert (draft.author, draft.text, draft.base_version) == ("file", house.other, 1)
    assert (await house.settle()).notice is None


@pytest.mark.parametrize("text", ["kein: yaml: so", "hours: {}\n", "- 1\n"])
async def test_broken_file_does_not_keep_the_hotline_from_starting(house: House, text: str) -> None:
    await house.settle()
    house.file.write_text(text, "utf-8")
    assert (await house.settle()).text == house.shipped
    draft = await house.drafts.current()
    assert draft is not None
    assert draft.text == text


async def test_file_that_is_no_text_is_kept_beside(house: House) -> None:
    await house.settle()
    house.file.write_bytes(b"\xff\xfe")
    found = await house.settle()
    assert EDITED in (found.notice or "")
    assert (house.state.path / EDITED).read_bytes() == b"\xff\xfe"
    assert await house.is_active(house.shipped)


async def test_draft_of_somebody_else_is_not_overwritten_by_the_file(house: House) -> None:
    await house.settle()
    draft = await house.drafts.save(house.third, "anna", NINE, None, 1)
    house.file.write_text(house.other, "utf-8")
    assert EDITED in ((await house.settle()).notice or "")
    assert (house.state.path / EDITED).read_text("utf-8") == house.other
    assert await house.drafts.current() == draft


async def test_file_that_holds_an_older_version_is_no_draft(house: House) -> None:
    await house.settle()
    await house.store.put(house.other, "anna", NINE, "weil")
    house.file.write_text(house.shipped, "utf-8")
    found = await house.settle()
    assert found.version == 2
    assert "rollback 1" in (found.notice or "")
    assert await house.drafts.current() is None
    assert await house.is_active(house.other)


async def test_file_that_was_lost_is_written_again(house: House) -> None:
    house.file.write_text(house.third, "utf-8")
    await house.settle()
    await house.store.put(house.other, "anna", NINE, "weil")
    house.file.unlink()
    house.state.prepare()
    assert "written again" in ((await house.settle()).notice or "")
    assert await house.is_active(house.other)


async def test_after_an_update_that_cannot_read_the_active_version_the_file_counts(house: House) -> None:
    await house.versions.activate("hotline: {id: schaumburg}\n", "anna", NINE)
    found = await house.settle()
    assert (found.version, found.text) == (2, house.shipped)
    assert await house.is_active(house.shipped)


async def test_nothing_usable_at_all_is_told_with_its_findings(house: House) -> None:
    house.file.write_text("hotline: {id: schaumburg}\n", "utf-8")
    with pytest.raises(ConfigurationBroken):
        await house.settle()
    await house.versions.activate("hotline: {id: schaumburg}\n", "anna", NINE)
    with pytest.raises(ConfigurationBroken):
        await house.settle()


async def test_with_moved_time_the_file_counts(house: House) -> None:
    assert (await take_file(house.db, house.state, NINE)).version == 1
    house.file.write_text(house.other, "utf-8")
    assert (await take_file(house.db, house.state, NINE)).version == 2
    assert (await take_file(house.db, house.state, NINE)).version == 2


async def test_file_edited_while_the_hotline_runs_is_kept_when_another_version_is_activated(house: House) -> None:
    await house.settle()
    house.file.write_text(house.third, "utf-8")
    assert await house.store.put(house.other, "anna", NINE, "weil") == 2
    assert await house.is_active(house.other)
    assert (house.state.path / EDITED).read_text("utf-8") == house.third


async def test_no_edited_file_overwrites_an_earlier_one(house: House) -> None:
    await house.settle()
    await house.drafts.save(house.third, "anna", NINE, None, 1)
    for text in (house.other, "zweite\n", "zweite\n"):
        house.file.write_text(text, "utf-8")
        await house.settle()
    kept = sorted(path.name for path in house.state.path.glob("hotline.edited*"))
    assert kept == ["hotline.edited.2.yaml", EDITED]
    assert (house.state.path / EDITED).read_text("utf-8") == house.other


@pytest.mark.parametrize("shared", [False, True])
async def test_other_id_in_the_file_is_an_edit_and_no_first_start(house: House, shared: bool) -> None:
    await house.settle()
    if shared:
        (house.state.path / BEGUN).write_text(house.shipped, "utf-8")
        await Versions(house.db, "rinteln").activate("x", "file", NINE)
    house.file.write_text(house.shipped.replace("id: schaumburg", "id: rinteln"), "utf-8")
    found = await house.settle()
    assert (found.version, found.config.hotline.id) == (1, HOTLINE)
    assert "kept as the draft" in (found.notice or "")
    assert await house.is_active(house.shipped)


async def test_file_of_another_hotline_does_not_count_when_the_active_version_is_unreadable(house: House) -> None:
    await house.versions.activate("hotline: {id: schaumburg}\n", "anna", NINE)
    house.file.write_text(house.shipped.replace("id: schaumburg", "id: fremd"), "utf-8")
    with pytest.raises(HotlineError, match="belong to schaumburg"):
        await house.settle()


async def test_only_the_text_that_was_asked_for_is_read(house: House) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    assert house.db._reader is not None
    event.listen(house.db._reader.sync_engine, "before_cursor_execute", note)
    await house.versions.active()
    assert any("LIMIT" in statement for statement in asked)


def test_new_file_is_for_its_owner_only_and_one_beside_as_private_as_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "hotline.yaml"
    write_whole(file, b"x: 1\n")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    assert keep_beside(file, b"x: 2\n").stat().st_mode & 0o777 == 0o640
    write_whole(tmp_path / BEGUN, b"x: 1\n")
    assert (tmp_path / BEGUN).stat().st_mode & 0o777 == 0o600


def test_what_is_not_written_whole_yet_is_not_readable_by_others_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hotline.yaml"
    write_whole(file, b"x: 1\n")
    modes = []

    def full(_descriptor: int) -> None:
        modes.extend(path.stat().st_mode & 0o777 for path in tmp_path.iterdir())
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(file, b"x: 2\n")
    assert modes == [0o600, 0o600]
    assert file.read_bytes() == b"x: 1\n"


async def test_link_to_the_configuration_stays_one(house: House, tmp_path: Path) -> None:
    await house.settle()
    elsewhere = tmp_path / "etc" / "schaumburg.yaml"
    elsewhere.parent.mkdir()
    house.file.rename(elsewhere)
    house.file.symlink_to(elsewhere)
    await house.store.put(house.other, "anna", NINE, "weil")
    assert house.file.is_symlink()
    assert elsewhere.read_text("utf-8") == house.other


@pytest.fixture
async def read_only(house: House) -> House:
    """The file is a link to where nobody can write."""
    await house.settle()
    house.file.unlink()
    house.file.symlink_to("/proc/version")
    return house


async def test_where_nobody_can_write_an_edited_file_is_one_plain_sentence(read_only: House) -> None:
    with pytest.raises(SetupError, match="let the hotline write in /proc"):
        await read_only.settle()
    with pytest.raises(Refused, match="darf die Hotline in /proc nicht schreiben") as refused:
        await read_only.store.put(read_only.other, "anna", NINE, "weil")
    assert "Errno" not in str(refused.value)
    assert await read_only.versions.active() is not None


async def test_file_that_cannot_be_replaced_is_told_at_the_start(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "replaceable", lambda _file: False)
    first = await settle_file(house.db, house.state, NINE) or ""
    assert "where the hotline may not write" in first
    await house.settle()
    house.file.write_text(house.other, "utf-8")
    later = await settle_file(house.db, house.state, NINE) or ""
    assert "kept as the draft" in later
    assert later.endswith(first)


async def test_file_that_cannot_be_read_is_one_plain_sentence(house: House) -> None:
    house.file.unlink()
    house.file.mkdir()
    for start in (settle, settle_file, take_file):
        with pytest.raises(SetupError, match=r"hotline\.yaml cannot be read"):
            await start(house.db, house.state, NINE)
