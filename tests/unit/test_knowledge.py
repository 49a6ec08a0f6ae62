"""Notes of knowledge: the latest counts, with date and author, shown beside the guide of the call on the screen."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from agents.forms import FormError
from config.schema import HotlineConfig
from hotline.storage.database import Database
from hotline.storage.knowledge import KnowledgeRows
from hotline.storage.tables import audit, knowledge
from hotline.workplace.knowledge import NOTE_LENGTH, Knowledge
from tests.unit.doubles_switchboard import MONDAY_NINE, Office


class Site:
    def __init__(self, config: HotlineConfig, database: Database) -> None:
        self.office, self.database = Office(config), database
        self.rows = KnowledgeRows(database, config.hotline.id)
        self.knowledge = self.again()

    def again(self) -> Knowledge:
        office = self.office
        seats = office.switchboard.seats
        return Knowledge(self.rows, office.journal, seats, lambda: (1, office.config), office.clock)


@pytest.fixture
async def site(config: HotlineConfig, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    site = Site(config, database)
    yield site
    await site.office.close()
    await database.close()


async def test_latest_note_wins_and_earlier_ones_stay_in_the_table(site: Site) -> None:
    await site.knowledge.save("rent", "alt", "leitung")
    await site.knowledge.save("rent", "  neu\nzweite Zeile ", "anna")
    at = MONDAY_NINE.isoformat()
    assert site.knowledge.current() == {"rent": {"text": "neu\nzweite Zeile", "author": "Anna Ahrens", "at": at}}
    async with site.database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(knowledge))).scalar_one() == 2
        done = (await connection.execute(select(audit.c["who", "action", "subject"]))).all()
    assert [tuple(row) for row in done] == [("leitung", "knowledge_saved", "rent"), ("anna", "knowledge_saved", "rent")]


async def test_notes_survive_a_restart(site: Site) -> None:
    await site.knowledge.save("rent", "bleibt", "leitung")
    again = site.again()
    await again.load()
    assert again.current()["rent"]["text"] == "bleibt"


async def test_empty_text_takes_a_note_away(site: Site) -> None:
    await site.knowledge.save("rent", "weg damit", "leitung")
    await site.knowledge.save("rent", " ", "leitung")
    assert site.knowledge.current() == {}
    again = site.again()
    await again.load()
    assert again.current() == {}


@pytest.mark.parametrize(
    ("request_type", "text", "field"), [("nothing", "x", "request_type"), ("rent", "x" * (NOTE_LENGTH + 1), "text")]
)
async def test_what_cannot_be_shown_is_refused(site: Site, request_type: str, text: str, field: str) -> None:
    with pytest.raises(FormError) as refused:
        await site.knowledge.save(request_type, text, "leitung")
    assert list(refused.value.findings) == [field]


async def test_page_shows_the_note_of_its_call_and_is_told_of_a_change(site: Site) -> None:
    site.office.ready("anna")
    seat = site.office.switchboard.seats["anna"]
    assert site.knowledge.view(seat, MONDAY_NINE) == {"knowledge": None}
    await site.office.call("c1", "rent")
    await site.office.settle()
    before = seat.seq
    await site.knowledge.save("move", "anderes Anliegen", "leitung")
    assert site.knowledge.view(seat, MONDAY_NINE) == {"knowledge": None}
    await site.knowledge.save("rent", "Neue Obergrenze", "leitung")
    assert site.knowledge.view(seat, MONDAY_NINE)["knowledge"]["text"] == "Neue Obergrenze"
    assert seat.seq > before


async def test_note_is_not_shown_before_the_offer_is_stored(site: Site) -> None:
    await site.knowledge.save("rent", "Neue Obergrenze", "leitung")
    site.office.ready("anna")
    call = await site.office.call("c1", "rent")
    seat = site.office.switchboard.seats["anna"]
    assert call.offer is not None
    seat.offer = replace(call.offer, stored=False)
    assert site.knowledge.view(seat, MONDAY_NINE) == {"knowledge": None}
