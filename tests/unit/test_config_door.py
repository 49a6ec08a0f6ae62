"""The running service's socket for `hotline config`, and the changes behind the pages."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agents.forms import FormError
from config.loading import load
from hotline.changing.changes import Changes
from hotline.changing.door import ACTIVATE, ACTIVATE_DRAFT, ROLL_BACK, Door, ask
from hotline.changing.drafting import Drafting
from hotline.changing.live import Live
from hotline.changing.model import Activated, NewAccount, Progress, Step
from hotline.clock import Clock
from hotline.errors import Outdated, Refused
from hotline.storage.config_drafts import ConfigDrafts
from hotline.storage.database import Database
from hotline.storage.versions import Versions
from tests.unit.conftest import SHIPPED

NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


class House:
    """The changes, with an activation that only remembers."""

    def __init__(self, db: Database, directory: Path) -> None:
        self.versions = Versions(db, "h")
        self.drafting = Drafting(ConfigDrafts(db, "h"), self.versions, Clock())
        self.ran: list[tuple[str, str, str | None, int | None, int | None]] = []
        self.refusal: Exception | None = None
        live = Live(1, load(SHIPPED))
        self.changes = Changes(self.drafting, self.versions, self, live, self._past, Clock())
        self.path = directory / "config.socket"
        self.door = Door(self.path, self.changes)

    async def _past(self, _since: datetime) -> list[Any]:
        return []

    async def run(
        self,
        author: str,
        text: str,
        reason: str | None,
        progress: Progress,
        *,
        draft: int | None = None,
        expected: int | None = None,
    ) -> Activated:
        if self.refusal is not None:
            raise self.refusal
        self.ran.append((author, text, reason, draft, expected))
        progress(Step.PROMPTS, 1, 2)
        return Activated(2, ("Wählplan",), (), ("network",), (NewAccount("neu", "geheim"),))

    async def asked(self, **what: Any) -> list[dict[str, Any]]:
        return [answer async for answer in ask(self.path, {"author": "root", "reason": "weil", **what})]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    one = House(database, tmp_path)
    await one.versions.activate("eins\n", "admin", NINE, "am Anfang")
    await one.door.open()
    yield one
    await one.door.close()
    await database.close()


def nothing(_step: Step, _done: int, _of: int) -> None:
    """Progress nobody looks at."""


async def test_only_the_owner_may_connect_and_nothing_is_left_behind(house: House) -> None:
    assert house.path.stat().st_mode & 0o777 == 0o600
    await house.door.close()
    assert not house.path.exists()


async def test_command_line_hears_how_it_goes_and_what_it_came_to(house: House) -> None:
    step, last = await house.asked(do=ACTIVATE, text="zwei\n")
    assert step == {"step": "prompts", "done": 1, "of": 2}
    assert last["activated"]["version"] == 2
    assert last["activated"]["accounts"] == [{"name": "neu", "password": "geheim"}]
    assert house.ran == [("root", "zwei\n", "weil", None, 1)], "on top of the version that was looked at"


async def test_command_line_activates_the_draft_as_the_revision_it_has_seen(house: House) -> None:
    draft = await house.changes.save("anna", "zwei\n", None)
    assert "difference" in (await house.asked(do=ACTIVATE_DRAFT, revision=draft.revision + 1))[-1]
    assert "activated" in (await house.asked(do=ACTIVATE_DRAFT, revision=draft.revision))[-1]
    assert house.ran == [("root", "zwei\n", "weil", draft.revision, 1)]


async def test_rollback_takes_the_text_of_that_version(house: House) -> None:
    await house.versions.activate("zwei\n", "admin", NINE)
    assert "activated" in (await house.asked(do=ROLL_BACK, version=1))[-1]
    assert house.ran == [("root", "eins\n", "weil", None, 2)]
    for version in (2, 9):
        assert "refused" in (await house.asked(do=ROLL_BACK, version=version))[-1]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("Es geht nicht."), {"refused": "Es geht nicht."}),
        (Outdated("Zu spät.", "+neu"), {"refused": "Zu spät.", "difference": "+neu"}),
        (FormError({"reason": "Warum?"}), {"refused": "Warum?"}),
    ],
)
async def test_refusal_is_told_in_its_sentence(house: House, error: Exception, told: dict[str, str]) -> None:
    house.refusal = error
    assert (await house.asked(do=ACTIVATE, text="zwei\n"))[-1] == told


async def test_unexpected_failure_tells_nothing_but_its_kind(house: House) -> None:
    house.refusal = RuntimeError("05721 9824")
    (told,) = await house.asked(do=ACTIVATE, text="zwei\n")
    assert "RuntimeError" in told["refused"]
    assert "9824" not in told["refused"]


@pytest.mark.parametrize("asked", [{}, {"do": "x"}, {"do": ROLL_BACK, "version": None}])
async def test_what_is_no_question_is_refused(house: House, asked: dict[str, Any]) -> None:
    assert "refused" in (await house.asked(**asked))[-1]


# --- the changes -----------------------------------------------------------------------------


async def test_draft_is_activated_as_the_revision_that_was_seen(house: House) -> None:
    draft = await house.changes.save("anna", "zwei\n", None)
    with pytest.raises(Outdated):
        await house.changes.activate("anna", "weil", draft.revision + 1, nothing)
    await house.changes.activate("anna", "  weil ", draft.revision, nothing)
    assert house.ran == [("anna", "zwei\n", "weil", draft.revision, 1)]


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
async def test_without_a_reason_nothing_is_activated(house: House, reason: str) -> None:
    draft = await house.changes.save("anna", "zwei\n", None)
    for change in (
        house.changes.activate("anna", reason, draft.revision, nothing),
        house.changes.roll_back("anna", 1, reason, nothing),
        house.changes.activate_text("anna", reason, "drei\n", nothing),
    ):
        with pytest.raises(FormError) as error:
            await change
        assert set(error.value.findings) == {"reason"}
    assert house.ran == []


async def test_history_is_told_the_newest_first(house: House) -> None:
    await house.versions.activate("zwei\n", "berta", NINE, "weil")
    first, second = await house.changes.history()
    assert (first.version, first.author, first.reason, first.active) == (2, "berta", "weil", True)
    assert (second.version, second.reason, second.active) == (1, "am Anfang", False)
    assert await house.changes.version(1) == (second, "eins\n")
    assert await house.changes.active() == (first, "zwei\n")
    with pytest.raises(Refused):
        await house.changes.version(3)


async def test_text_in_use_is_not_activated_again(house: House) -> None:
    with pytest.raises(Refused, match="schon in Kraft"):
        await house.changes.activate_text("anna", "weil", "eins\n", nothing)


async def test_explanation_names_what_is_impossible_by_its_field(house: House, shipped_text: str) -> None:
    with pytest.raises(FormError) as error:
        await house.changes.explain(shipped_text, "gestern", "x", None, ["niemand"])
    assert set(error.value.findings) == {"at", "press", "free"}
    told = await house.changes.explain(shipped_text, "2026-11-23T09:00", "4", None, None)
    assert told["open"] is True
    with pytest.raises(FormError) as error:
        await house.changes.explain("x: 1\n", "2026-11-23T09:00", "", None, None)
    assert set(error.value.findings) == {"text"}


async def test_broken_text_is_checked_and_not_compared(house: House, shipped_text: str) -> None:
    remarks = await house.changes.check("x: 1\n")
    assert remarks
    with pytest.raises(Refused):
        await house.changes.difference("x: 1\n", shipped_text)
    with pytest.raises(FormError):
        await house.changes.replay(shipped_text, 0)
