"""Messages to all agents and announcements to callers: how they begin, who sees or hears them, how they end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agents.forms import FormError
from config.schema import HotlineConfig
from hotline.errors import Refused, SetupError
from hotline.storage.database import Database
from hotline.storage.notices import NoticeRows
from hotline.workplace import announcements, notices
from hotline.workplace.announcements import Announcer
from hotline.workplace.notices import MESSAGES_AT_ONCE, Notices
from tests.unit.doubles_switchboard import Office

TEXT = "Bitte heute keine Auskunft zu Bescheiden."


class Voice:
    """Speaks at once; `fails` makes it refuse."""

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.kept: list[str | None] = []
        self.fails = False

    async def prompt(self, text: str) -> str:
        if self.fails:
            raise Refused("Der Text konnte nicht gesprochen werden.")
        self.spoken.append(text)
        return f"announcements/{len(self.spoken)}"

    async def forget_others(self, text: str | None) -> None:
        self.kept.append(text)


class Fallback:
    """What callers hear while the service is away: prompt and end; False before anybody has said."""

    def __init__(self) -> None:
        self.heard: tuple[str, datetime] | bool | None = False

    async def on(self, prompt: str, until: datetime) -> None:
        self.heard = prompt, until

    async def off(self) -> None:
        self.heard = None


class House:
    def __init__(self, config: HotlineConfig, database: Database) -> None:
        self.config, self.database = config, database
        self.office, self.voice, self.fallback = Office(config), Voice(), Fallback()
        self.notices = self.again()

    def again(self) -> Notices:
        """As after a restart."""
        self.office.switchboard.announcement, self.fallback.heard = None, False
        self.rows = NoticeRows(self.database, "schaumburg")
        office = self.office
        journal, board, clock = office.journal, office.switchboard, office.clock
        return Notices(self.rows, self.voice, self.fallback, journal, board, lambda: (1, self.config), clock)

    def shown(self, agent: str) -> list[str]:
        seat = self.office.switchboard.seats[agent]
        return [message["text"] for message in self.notices.view(seat, self.office.clock.now())["messages"]]

    @property
    def heard(self) -> str | None:
        return self.office.switchboard.announcement


@pytest.fixture
async def house(config: HotlineConfig, tmp_path: Path) -> AsyncIterator[House]:
    database = Database(f"sqlite:///{tmp_path}/hotline.db")
    await database.open()
    house = House(config, database)
    yield house
    await house.office.close()
    await database.close()


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)


async def running(house: House, condition: Callable[[], Any]) -> None:
    """Run the notices until the condition holds."""
    task = asyncio.create_task(house.notices.run())
    try:
        await until(condition)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


# --- messages --------------------------------------------------------------------------------


async def test_a_message_stands_on_every_page_until_it_is_read_there(house: House) -> None:
    await house.notices.send(f"  {TEXT}\n", "17:30", "anna")
    assert house.shown("ben") == house.shown("carla") == [TEXT]
    (message,) = house.notices.overview()["messages"]
    assert (message["author"], message["until"]) == ("Anna Ahrens", "2026-11-23T17:30:00+01:00")
    await house.notices.read(message["id"], "ben")
    assert house.shown("ben") == []
    assert house.shown("carla") == [TEXT]
    assert house.notices.overview()["messages"][0]["read_by"] == ["Ben Brinkmann"]


async def test_pages_are_told_of_a_message_at_once(house: House) -> None:
    before = house.office.switchboard.seats["ben"].seq
    await house.notices.send(TEXT, "17:30", "lena")
    assert house.office.switchboard.seats["ben"].seq > before


async def test_a_message_ends_with_its_time_or_before_it(house: House) -> None:
    await house.notices.send(TEXT, "09:30", "lena")
    await house.notices.send("Zweite", "17:30", "lena")
    house.office.pass_time(30 * 60)
    await running(house, lambda: len(house.notices.overview()["messages"]) == 1)
    (message,) = house.notices.overview()["messages"]
    await house.notices.end(message["id"], "lena")
    assert house.shown("ben") == []
    with pytest.raises(Refused, match="schon beendet"):
        await house.notices.end(message["id"], "lena")


async def test_what_was_read_stays_read_after_a_restart(house: House) -> None:
    await house.notices.send(TEXT, "17:30", "lena")
    await house.notices.send("Zweite", "17:30", "lena")
    await house.notices.read(house.notices.overview()["messages"][0]["id"], "ben")
    house.notices = house.again()
    await house.notices.load()
    assert house.shown("ben") == ["Zweite"]
    assert house.shown("carla") == [TEXT, "Zweite"]


async def test_reading_twice_or_what_is_over_changes_nothing(house: House) -> None:
    await house.notices.send(TEXT, "17:30", "lena")
    number = house.notices.overview()["messages"][0]["id"]
    for _ in range(2):
        await house.notices.read(number, "ben")
    await house.notices.read(number + 1, "ben")
    assert await house.rows.readers([number, number + 1]) == {number: {"ben"}, number + 1: set()}


@pytest.mark.parametrize(
    ("text", "end", "wrong"),
    [
        (" \n ", "17:30", {"text"}),
        ("x" * 501, "17:30", {"text"}),
        (TEXT, "", {"until"}),
        (TEXT, "25:00", {"until"}),
        (TEXT, "08:59", {"until"}),
        (TEXT, "09:00", {"until"}),
        (TEXT, "17:30+01:00", {"until"}),
        ("", "gleich", {"text", "until"}),
    ],
)
async def test_a_text_or_an_end_that_cannot_be_is_said_beside_its_field(
    house: House, text: str, end: str, wrong: set[str]
) -> None:
    with pytest.raises(FormError) as refused:
        await house.notices.send(text, end, "lena")
    assert set(refused.value.findings) == wrong
    assert house.notices.overview()["messages"] == []


async def test_few_messages_at_a_time(house: House) -> None:
    for number in range(MESSAGES_AT_ONCE):
        await house.notices.send(f"Nachricht {number}", "17:30", "lena")
    with pytest.raises(Refused, match="schon 5 Nachrichten"):
        await house.notices.send("eine mehr", "17:30", "lena")


# --- the announcement ------------------------------------------------------------------------


async def test_an_announcement_is_spoken_first_and_then_heard(house: House) -> None:
    await house.notices.announce("Störung im System.", "12:00", "lena")
    assert house.voice.spoken == ["Störung im System."]
    assert house.heard == "announcements/1"
    assert house.notices.overview()["announcement"]["text"] == "Störung im System."


async def test_another_one_takes_its_place(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    await house.notices.announce("Zwei", "12:00", "lena")
    assert house.heard == "announcements/2"
    assert [notice.text for notice in await house.rows.current(house.office.clock.now())] == ["Zwei"]


async def test_a_voice_that_fails_switches_nothing_on(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    house.voice.fails = True
    with pytest.raises(Refused, match="nicht gesprochen"):
        await house.notices.announce("Zwei", "12:00", "lena")
    assert house.heard == "announcements/1"
    assert house.notices.overview()["announcement"]["text"] == "Eins"


async def test_it_ends_with_its_time_or_before_it(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    await house.notices.end(house.notices.overview()["announcement"]["id"], "lena")
    assert house.heard is None
    await house.notices.announce("Zwei", "12:00", "lena")
    house.office.pass_time(3 * 3600)
    await running(house, lambda: house.heard is None)
    assert house.notices.overview()["announcement"] is None


async def test_it_is_on_again_after_a_restart_and_tried_again_when_the_voice_fails(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(notices, "LOOK_SECONDS", 0.01)
    await house.notices.announce("Eins", "12:00", "lena")
    house.notices = house.again()
    await house.notices.load()
    assert house.voice.kept[-1] == "Eins"
    house.voice.fails = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await house.notices.run()
    assert house.heard is None
    house.voice.fails = False
    await running(house, lambda: house.heard is not None)


async def test_one_that_ended_before_a_restart_is_not_heard_again(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    house.office.pass_time(4 * 3600)
    house.notices = house.again()
    await house.notices.load()
    assert house.notices.overview()["announcement"] is None
    assert house.voice.kept[-1] is None


# --- in the fallback -------------------------------------------------------------------------


async def test_the_fallback_is_told_each_change_once_it_can_be_heard(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    assert house.fallback.heard == ("announcements/1", datetime.fromisoformat("2026-11-23T12:00+01:00"))
    await house.notices.announce("Zwei", "11:00", "lena")
    assert house.fallback.heard == ("announcements/2", datetime.fromisoformat("2026-11-23T11:00+01:00"))
    await house.notices.end(house.notices.overview()["announcement"]["id"], "lena")
    assert house.fallback.heard is None


async def test_the_fallback_is_told_when_its_time_is_over(house: House) -> None:
    await house.notices.announce("Eins", "12:00", "lena")
    house.office.pass_time(3 * 3600)
    await running(house, lambda: house.fallback.heard is None)


async def test_after_a_restart_the_fallback_is_told_what_is_on_or_that_nothing_is(house: House) -> None:
    house.notices = house.again()
    await house.notices.load()
    await running(house, lambda: house.fallback.heard is None)
    await house.notices.announce("Eins", "12:00", "lena")
    house.notices = house.again()
    await house.notices.load()
    await running(house, lambda: isinstance(house.fallback.heard, tuple))


async def test_what_the_fallback_has_kept_stays_until_the_voice_speaks_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(notices, "LOOK_SECONDS", 0.01)
    await house.notices.announce("Eins", "12:00", "lena")
    house.notices, house.voice.fails = house.again(), True
    await house.notices.load()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await house.notices.run()
    assert house.fallback.heard is False
    house.voice.fails = False
    await running(house, lambda: isinstance(house.fallback.heard, tuple))


# --- how it is spoken ------------------------------------------------------------------------


async def test_the_same_words_are_spoken_once(
    config: HotlineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def speak(_config: Any, name: str, text: str, directory: Path) -> float:
        made.append(text)
        for extension in announcements.sound.FORMATS:
            (directory / f"{name}.{extension}").touch()
        return 1.0

    monkeypatch.setattr(announcements, "speak", speak)
    announcer = Announcer(tmp_path, lambda: (1, config))
    first, again = await announcer.prompt("Störung."), await announcer.prompt("Störung.")
    other = await announcer.prompt("Alles läuft wieder.")
    assert first == again != other
    assert made == ["Störung.", "Alles läuft wieder."]
    await announcer.forget_others("Störung.")
    assert {path.stem for path in (tmp_path / "announcements").iterdir()} == {first.removeprefix("announcements/")}


async def test_without_the_voice_it_is_refused_in_words_for_the_lead(
    config: HotlineConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def speak(*_: Any) -> float:
        raise SetupError("sox is missing")

    monkeypatch.setattr(announcements, "speak", speak)
    with pytest.raises(Refused, match="nicht eingeschaltet"):
        await Announcer(tmp_path, lambda: (1, config)).prompt("Störung.")


async def test_the_machine_voice_speaks_it_within_seconds(config: HotlineConfig, tmp_path: Path) -> None:
    announcer = Announcer(tmp_path, lambda: (1, config))
    async with asyncio.timeout(20):
        name = await announcer.prompt("Wegen einer Störung im System können wir heute keine Auskunft geben.")
    sizes = [(tmp_path / f"{name}.{extension}").stat().st_size for extension in announcements.sound.FORMATS]
    assert all(size > 8000 for size in sizes)
