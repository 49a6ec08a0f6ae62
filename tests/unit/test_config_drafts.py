"""Two admins at once: nothing is overwritten, and whoever comes second is shown what the first has changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from agents.forms import FormError
from config.editing import Edit, Kind
from hotline.changing import drafting as module
from hotline.changing.drafting import ACTIVATED_MEANWHILE, CHANGED_MEANWHILE, NO_DRAFT, Drafting
from hotline.clock import Clock
from hotline.errors import Outdated, Refused
from hotline.storage.config_drafts import ConfigDrafts, Stale
from hotline.storage.database import Database
from hotline.storage.tables import audit
from hotline.storage.versions import Versions

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


class Office:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.drafts, self.versions = ConfigDrafts(db, "h"), Versions(db, "h")
        self.drafting = Drafting(self.drafts, self.versions, Clock())

    async def activate(self, text: str, draft: int | None = None) -> int:
        return await self.versions.activate(text, "berta", NINE, "weil", draft=draft)

    async def audited(self) -> list[tuple[str, str, str | None]]:
        async with self.db.read() as connection:
            rows = await connection.execute(select(audit.c["who", "action", "subject"]).order_by(audit.c.id))
            return [(row.who, row.action, row.subject) for row in rows]


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    one = Office(database)
    await one.activate("eins\nzwei\n")
    yield one
    await database.close()


async def test_draft_is_begun_saved_on_and_thrown_away(office: Office) -> None:
    assert await office.drafting.current() is None
    first = await office.drafting.save("anna", "eins\nneu\n", None, None)
    assert (first.revision, first.base_version, first.author) == (1, 1, "anna")
    second = await office.drafting.save("berta", "eins\nneuer\n", 1, None)
    assert (second.revision, second.author, second.text) == (2, "berta", "eins\nneuer\n")
    assert await office.drafting.current() == second
    await office.drafting.discard("anna", 2)
    assert await office.drafting.current() is None
    assert (await office.drafting.save("anna", "a", None, None)).revision == 3, "no number is given twice"
    assert [what for _, what, _ in await office.audited()] == [
        *("config_activated", "config_draft_saved", "config_draft_saved", "config_draft_discarded"),
        "config_draft_saved",
    ]


async def test_each_hotline_has_its_own(office: Office) -> None:
    await office.drafting.save("anna", "a", None, None)
    assert await ConfigDrafts(office.db, "other").current() is None


async def test_second_admin_is_shown_what_the_first_has_changed(office: Office) -> None:
    await office.drafting.save("anna", "eins\nzwei\n", None, None)
    await office.drafting.save("berta", "eins\nzwei\ndrei\n", 1, None)
    with pytest.raises(Outdated, match=CHANGED_MEANWHILE) as refused:
        await office.drafting.save("anna", "null\neins\nzwei\n", 1, None)
    assert "+drei" in refused.value.difference
    assert "null" not in refused.value.difference, "from what anna edited, not from what she wrote"
    assert (await office.drafting.current()).text == "eins\nzwei\ndrei\n"  # type: ignore[union-attr]


async def test_after_a_restart_the_own_text_is_compared(office: Office) -> None:
    await office.drafting.save("anna", "eins\n", None, None)
    await office.drafting.save("berta", "drei\n", 1, None)
    office.drafting = Drafting(office.drafts, office.versions, Clock())
    with pytest.raises(Outdated) as refused:
        await office.drafting.save("anna", "meins\n", 1, None)
    assert "-meins" in refused.value.difference
    assert "+drei" in refused.value.difference


async def test_two_who_begin_a_draft_at_once(office: Office) -> None:
    await office.drafting.save("berta", "eins\nzwei\ndrei\n", None, None)
    with pytest.raises(Outdated, match=CHANGED_MEANWHILE) as refused:
        await office.drafting.save("anna", "null\n", None, 1)
    assert "+drei" in refused.value.difference


async def test_draft_that_was_activated_or_thrown_away_meanwhile(office: Office) -> None:
    draft = await office.drafting.save("anna", "eins\n", None, None)
    await office.activate(draft.text, draft=draft.revision)
    assert await office.drafting.current() is None
    for change in (
        office.drafting.save("anna", "zwei\n", draft.revision, None),
        office.drafting.discard("anna", draft.revision),
        office.drafting.rebase("anna", draft.revision),
        office.drafting.to_activate(draft.revision),
    ):
        with pytest.raises(Outdated, match=NO_DRAFT):
            await change


async def test_version_activated_meanwhile_is_told_before_activation_and_can_be_gone_on_from(office: Office) -> None:
    draft = await office.drafting.save("anna", "eins\nzwei\nmeins\n", None, None)
    await office.activate("eins\nzwei\nanders\n")
    draft = await office.drafting.save("anna", "eins\nzwei\nmeines\n", draft.revision, None)
    assert draft.base_version == 1, "saved all the same"
    with pytest.raises(Outdated, match=ACTIVATED_MEANWHILE) as refused:
        await office.drafting.to_activate(draft.revision)
    assert "+anders" in refused.value.difference
    assert "meines" not in refused.value.difference
    draft = await office.drafting.rebase("anna", draft.revision)
    assert (draft.base_version, draft.text) == (2, "eins\nzwei\nmeines\n")
    assert await office.drafting.to_activate(draft.revision) == draft


async def test_page_that_is_older_than_the_active_version_begins_a_draft_from_what_it_showed(office: Office) -> None:
    await office.activate("eins\nzwei\nanders\n")
    draft = await office.drafting.save("anna", "eins\nmeins\n", None, 1)
    with pytest.raises(Outdated, match=ACTIVATED_MEANWHILE):
        await office.drafting.to_activate(draft.revision)


async def test_other_draft_stays_when_a_version_is_activated(office: Office) -> None:
    draft = await office.drafting.save("anna", "meins\n", None, None)
    await office.activate("anders\n")
    await office.activate("noch anders\n", draft=draft.revision + 1)
    assert (await office.drafting.current()) == draft


async def test_stale_says_what_is_there(office: Office) -> None:
    with pytest.raises(Stale) as stale:
        await office.drafts.save("a", "anna", NINE, 4, 1)
    assert stale.value.found is None


async def test_nothing_active_is_refused_in_one_sentence(office: Office) -> None:
    with pytest.raises(Refused, match="keine Konfiguration in Kraft"):
        await Drafting(ConfigDrafts(office.db, "other"), Versions(office.db, "other"), Clock()).active()


async def test_text_longer_than_any_configuration_is_no_draft(office: Office) -> None:
    with pytest.raises(FormError):
        await office.drafting.save("anna", "x" * 1_000_001, None, None)


async def test_only_the_last_revisions_are_remembered(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 2)
    seen = None
    for number in range(4):
        seen = (await office.drafting.save("anna", str(number), seen, None)).revision
    assert list(office.drafting._texts) == [3, 4]


async def test_edit_changes_one_value_and_keeps_the_rest(office: Office, shipped_text: str) -> None:
    await office.activate(shipped_text)
    edit = Edit(Kind.SET, ("texts", "goodbye"), "Bis bald.")
    draft = await office.drafting.edit("anna", [edit], None, 2)
    assert "Bis bald." in draft.text
    assert draft.text.count("\n") == shipped_text.count("\n")


async def test_impossible_value_is_told_at_its_edit(office: Office, shipped_text: str) -> None:
    await office.activate(shipped_text)
    edits = [Edit(Kind.SET, ("distribution", "ring_seconds"), -3), Edit(Kind.SET, ("texts", "goodbye"), "Tschüss.")]
    with pytest.raises(FormError) as error:
        await office.drafting.edit("anna", edits, None, None)
    assert set(error.value.findings) == {"distribution.ring_seconds"}
    assert error.value.findings["distribution.ring_seconds"].startswith("„-3“: Der kleinste mögliche Wert ist ")
    assert await office.drafting.current() is None


async def test_impossible_value_of_an_added_entry_is_told_at_its_own_place(office: Office, shipped_text: str) -> None:
    await office.activate(shipped_text)
    agent = {"name": "frieda", "full_name": "Frieda Fuchs", "office": "berlin", "skills": ["wohnen"]}
    with pytest.raises(FormError) as error:
        await office.drafting.edit("anna", [Edit(Kind.ADD, ("agents",), agent)], None, None)
    assert {path.split(".")[2] for path in error.value.findings} == {"office"}


async def test_what_was_wrong_before_keeps_nobody_from_editing(office: Office, shipped_text: str) -> None:
    await office.activate(shipped_text)
    broken = await office.drafting.save("anna", shipped_text.replace("ring_seconds: ", "ring_seconds: -"), None, None)
    assert broken.text != shipped_text
    draft = await office.drafting.edit("anna", [Edit(Kind.SET, ("texts", "goodbye"), "Tschüss.")], 1, None)
    assert "Tschüss." in draft.text


async def test_edit_of_a_page_that_shows_an_older_version_is_outdated(office: Office, shipped_text: str) -> None:
    await office.activate(shipped_text)
    with pytest.raises(Outdated, match=ACTIVATED_MEANWHILE):
        await office.drafting.edit("anna", [Edit(Kind.SET, ("texts", "goodbye"), "Tschüss.")], None, 1)
