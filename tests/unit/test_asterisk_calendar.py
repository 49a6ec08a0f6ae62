"""Asterisk gets its opening hours anew after each midnight of the hotline's zone, again and again when that fails."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hotline.errors import SetupError
from hotline.parent import asterisk_calendar
from hotline.parent.asterisk_calendar import AsteriskCalendar, seconds_to_midnight

BERLIN = ZoneInfo("Europe/Berlin")
MIDNIGHTS = {
    "an ordinary day": ("2026-11-23T23:59:59", 1),
    "midnight itself": ("2026-11-23T00:00:00", 24 * 3600),
    "the day clocks go forward": ("2026-03-29T00:00:00", 23 * 3600),
    "the day clocks go back": ("2026-10-25T00:00:00", 25 * 3600),
}


@pytest.mark.parametrize("case", MIDNIGHTS)
def test_seconds_to_midnight(case: str) -> None:
    moment, seconds = MIDNIGHTS[case]
    assert seconds_to_midnight(datetime.fromisoformat(moment).replace(tzinfo=BERLIN)) == seconds


class House:
    """A calendar whose time, rendering and Asterisk are in the hands of the test."""

    def __init__(self, directory: Path) -> None:
        self.now = datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)
        self.failure: Exception | None = None
        self.rendered: list[datetime] = []
        self.said: list[str] = []
        self.asked = directory / "asked"
        script = directory / "asterisk"
        done = 'echo "Dialplan reloaded."'
        script.write_text(f'#!/bin/sh\necho "$@" >> {self.asked}; test ! -e {directory}/away && {done}\n')
        script.chmod(0o700)
        self.calendar = AsteriskCalendar(self._render, script, lambda: self.now, BERLIN, self.said.append)

    def _render(self) -> bool:
        if self.failure is not None:
            raise self.failure
        self.rendered.append(self.now)
        return True


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(asterisk_calendar, "LOOK_SECONDS", 0.01)
    return House(tmp_path)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - another process gives no event to wait for
            await asyncio.sleep(0.01)


async def test_each_new_day_of_the_hotlines_zone_is_rendered_and_read_once(house: House) -> None:
    await house.calendar.render()
    running = asyncio.create_task(house.calendar.run())
    await asyncio.sleep(0.1)
    assert len(house.rendered) == 1, "the day is still the same"
    house.now += timedelta(seconds=1)
    await until(lambda: house.said)
    await asyncio.sleep(0.1)
    running.cancel()
    assert house.said == ["Asterisk has its opening hours from 2026-11-24 on."]
    assert len(house.rendered) == 2
    assert house.asked.read_text() == "-rx dialplan reload\n"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), SetupError("no"), KeyError()])
async def test_what_cannot_be_written_is_said_and_tried_again(house: House, failure: Exception) -> None:
    house.failure = failure
    await house.calendar.render()
    running = asyncio.create_task(house.calendar.run())
    await until(lambda: len(house.said) > 1)
    house.failure = None
    await until(lambda: house.rendered)
    await until(lambda: house.said[-1] == "Asterisk has its opening hours from 2026-11-23 on.")
    running.cancel()


async def test_asterisk_that_does_not_answer_is_asked_again(house: House) -> None:
    away = house.asked.with_name("away")
    away.touch()
    running = asyncio.create_task(house.calendar.run())
    await until(lambda: house.said)
    assert house.said[0] == "Asterisk did not read its new opening hours: another try follows."
    away.unlink()
    await until(lambda: house.said[-1] == "Asterisk has its opening hours from 2026-11-23 on.")
    running.cancel()
