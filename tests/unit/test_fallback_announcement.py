"""The announcement in the fallback: what the dialplan plays, and that Asterisk's note follows what the service has."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dialplan.announcement import FILE, FOLDER, LONGEST_SECONDS, NOTHING, kept, note
from dialplan.fallback import CONTEXT
from dialplan.render import render
from dialplan.variables import ANNOUNCEMENT
from hotline.errors import AmiRefused, AmiUnavailable
from hotline.recovery.announcement import FallbackAnnouncement
from tests.unit.test_fallback_dialplan import dialplan
from tests.unit.test_render import FACTS, shipped

NOON = datetime(2026, 11, 23, 12, tzinfo=ZoneInfo("Europe/Berlin"))
SOUND = "0123456789abcdef"
THERE = f"1795431600/{SOUND}"


class Asterisk:
    """Its global variable, as AMI reads and writes it."""

    def __init__(self) -> None:
        self.connected = True
        self.refuses = False
        self.note = ""
        self.sent: list[str] = []

    async def action(self, name: str, *, timeout: float = 5.0, **fields: str) -> list[dict[str, str]]:
        self.sent.append(name)
        assert fields["Variable"] == ANNOUNCEMENT
        if not self.connected:
            raise AmiUnavailable("not connected")
        if self.refuses:
            raise AmiRefused("Asterisk refused it")
        if name == "Setvar":
            self.note = fields["Value"]
        return [{"Response": "Success", "Value": self.note}]


class Copy:
    """What Asterisk has of the announcement, in both places."""

    def __init__(self, directory: Path) -> None:
        self.asterisk, self.check_soon, self.file = Asterisk(), asyncio.Event(), directory / FILE
        self.announcement = FallbackAnnouncement(self.asterisk, self.file, self.check_soon)

    async def on(self) -> None:
        await self.announcement.on(f"{FOLDER}/{SOUND}", NOON)

    def has(self, note: str) -> bool:
        return self.asterisk.note == note and self.file.read_text("utf-8") == kept(note)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


# --- what the dialplan does ------------------------------------------------------------------------


def test_note_is_an_end_in_seconds_since_1970_and_a_file() -> None:
    assert note(SOUND, NOON) == note(SOUND, NOON.astimezone(UTC)) == THERE


def test_announcement_comes_after_the_greeting_for_who_is_new_and_only_within_hours() -> None:
    steps = dialplan()[CONTEXT]["open"]
    labels = [label for label, _ in steps]
    new = [application for _, application in steps[labels.index("new") :]]
    prompts = FACTS.directories.prompts
    assert new[0] == f"Playback({prompts}/greeting)"
    assert new[1].startswith("Set(HL_NOTE=")
    assert re.fullmatch(rf"ExecIf\(.*\?Playback\({prompts}/{FOLDER}/\$\{{CUT\(HL_NOTE,/,2\)\}}\)\)", new[3])
    assert new[4] == f"Playback({prompts}/please_wait)"
    assert render(shipped(), FACTS)["extensions.conf"].count(FOLDER) == 1


def test_nothing_but_a_number_and_a_name_of_our_making_is_taken_from_the_note() -> None:
    text = render(shipped(), FACTS)["extensions.conf"]
    (read,) = re.findall(rf".*{ANNOUNCEMENT}.*", text)
    assert read == f" same => n,Set(HL_NOTE=${{FILTER(0-9a-f/,${{GLOBAL({ANNOUNCEMENT})}})}})"


def test_file_that_the_service_writes_is_included_where_it_exists_and_sets_one_variable() -> None:
    text = render(shipped(), FACTS)["extensions.conf"]
    assert f"\n#tryinclude {FILE}\n" in text
    assert text.index(FILE) < text.index("[hotline-in]")
    assert re.fullmatch(rf"; [^\n]*\n\[globals\]\n{ANNOUNCEMENT} = {THERE}\n", kept(THERE))


@pytest.mark.parametrize("offset", [0, 500, -500])
def test_end_is_compared_with_business_time(offset: int) -> None:
    text = render(shipped(), replace(FACTS, clock_offset=offset))["extensions.conf"]
    assert f"Set(HL_NOTE_LEFT=$[0${{FILTER(0-9,${{CUT(HL_NOTE,/,1)}})}} - (${{EPOCH}} + {offset})])" in text
    assert f"$[${{HL_NOTE_LEFT}} > 0 & ${{HL_NOTE_LEFT}} <= {LONGEST_SECONDS}]" in text


def test_whole_day_with_the_hour_of_winter_time_is_not_too_long() -> None:
    assert timedelta(seconds=LONGEST_SECONDS) >= timedelta(hours=25)


# --- the note follows ------------------------------------------------------------------------------


async def test_each_change_is_noted_at_once(copy: Copy) -> None:
    await copy.announcement.off()
    assert not copy.file.exists()
    await copy.on()
    assert copy.has(THERE)
    assert copy.file.stat().st_mode & 0o777 == 0o600
    await copy.on()
    await copy.announcement.off()
    assert copy.has(NOTHING)
    assert copy.asterisk.sent == ["Getvar", "Setvar", "Setvar"]
    assert await copy.announcement.check() == 0


async def test_before_the_service_knows_nothing_is_taken_away(copy: Copy) -> None:
    copy.asterisk.note = THERE
    assert await copy.announcement.check() == 0
    assert (copy.asterisk.note, copy.asterisk.sent) == (THERE, [])


@pytest.mark.parametrize("before", ["", THERE, note("ff", NOON)])
@pytest.mark.parametrize("on", [True, False])
async def test_what_asterisk_has_from_before_is_compared_after_a_start(copy: Copy, before: str, on: bool) -> None:
    copy.asterisk.note = before
    copy.file.write_text(kept(before or NOTHING), "utf-8")
    await (copy.on() if on else copy.announcement.off())
    wanted = THERE if on else NOTHING
    assert (copy.asterisk.note or NOTHING) == wanted
    assert copy.file.read_text("utf-8") == kept(wanted)
    assert ("Setvar" in copy.asterisk.sent) == ((before or NOTHING) != wanted)


async def test_difference_is_corrected_whichever_side_was_away(copy: Copy) -> None:
    await copy.on()
    copy.asterisk.note = ""
    assert await copy.announcement.check() == 1
    copy.file.write_text("damaged", "utf-8")
    assert await copy.announcement.check() == 1
    assert copy.has(THERE)
    copy.asterisk.connected = False
    await copy.announcement.off()
    assert await copy.announcement.check() == 0
    assert copy.file.read_text("utf-8") == kept(NOTHING)
    copy.asterisk.connected = True
    assert await copy.announcement.check() == 1
    assert copy.has(NOTHING)


async def test_change_that_asterisk_refuses_leads_to_a_comparison_soon(copy: Copy) -> None:
    await copy.announcement.off()
    assert not copy.check_soon.is_set()
    copy.asterisk.refuses = True
    await copy.on()
    assert copy.check_soon.is_set()
    copy.asterisk.refuses = False
    assert await copy.announcement.check() == 1
    assert copy.has(THERE)


async def test_file_that_cannot_be_written_is_no_reason_not_to_tell_asterisk(copy: Copy) -> None:
    copy.file.mkdir()
    await copy.announcement.off()
    await copy.on()
    assert copy.asterisk.note == THERE


async def test_change_during_the_comparison_wins(copy: Copy) -> None:
    await copy.on()
    action, changes = copy.asterisk.action, []

    async def ended_meanwhile(name: str, **fields: str) -> list[dict[str, str]]:
        answer = await action(name, **fields)  # type: ignore[arg-type]
        if name == "Getvar":
            changes.append(asyncio.create_task(copy.announcement.off()))
            await asyncio.sleep(0)
        return answer

    copy.asterisk.note = ""
    copy.asterisk.action = ended_meanwhile  # type: ignore[method-assign, assignment]
    await copy.announcement.check()
    await asyncio.gather(*changes)
    assert copy.has(NOTHING)
