"""Asterisk alone, without the service: hours to the second, a queue of telephones that are ready, callbacks by key."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from config.schema import HotlineConfig
from dialplan import announcement, happenings, variables
from dialplan.fallback import QUEUE
from hotline.clock import Clock
from hotline.phone import tones
from hotline.phone.call import PhoneCall, PhoneError
from hotline.phone.client import Phone
from hotline.setup.asterisk_files import rerender
from hotline.state import LEAD_ACCOUNT, StateDirectory
from routing.announcing import closure_prompt
from tests.system.agi import Agi
from tests.system.chain import MONDAY_NINE, hear_each_other, hotline, prompt
from tests.system.conftest import MUSIC_TONE, RunningAsterisk, StartAsterisk, silent_prompt, sound_file
from tests.system.first_login import log_in
from tests.system.happened import PATIENCE, Happening, happened, until_happened
from tests.system.manager import Ami
from tests.system.sip import Answer, Call, UdpPhone

CALLER = "+495721777001"
MONDAY_EIGHT = MONDAY_NINE.replace(hour=8)
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Europe/Berlin"))
pytestmark = pytest.mark.timeout(120)


def offset_to(moment: datetime) -> int:
    """Seconds that make this moment business time now."""
    return round((moment - datetime.now(UTC)).total_seconds())


@dataclass
class Alone:
    """An Asterisk without its service, and telephones."""

    asterisk: RunningAsterisk
    ami: Ami
    stack: AsyncExitStack

    @property
    def address(self) -> str:
        return f"sip:9824@127.0.0.1:{self.asterisk.sip_port}"

    async def call(self, user: str = CALLER, **options: Any) -> PhoneCall:
        """A caller whom Asterisk has answered."""
        phone = await self.stack.enter_async_context(Phone(user=user, **options))
        call = await phone.dial(self.address)
        await call.answered()
        return call

    async def raw_phone(self) -> UdpPhone:
        return await self.stack.enter_async_context(UdpPhone(self.asterisk.sip_port))

    async def desk(self, name: str, *, ready: bool) -> Phone:
        """The agent's desk phone, registered, and in the queue by the agent's intent."""
        phone = await self.stack.enter_async_context(Phone(user=f"agent-{name}"))
        server = f"127.0.0.1:{self.asterisk.sip_port}"
        await phone.register(f"agent-{name}", self.asterisk.secrets.phone_secrets[name], server)
        await self.ami.event("DeviceStateChange", Device=f"PJSIP/agent-{name}", State="NOT_INUSE")
        await self.join_queue(name, ready=ready)
        return phone

    async def join_queue(self, name: str, *, ready: bool) -> None:
        """As the service mirrors the agent's intent."""
        interface = f"PJSIP/agent-{name}"
        answer = await self.ami.action(
            "QueueAdd",
            Queue=QUEUE,
            Interface=interface,
            MemberName=name,
            StateInterface=interface,
            Paused="false" if ready else "true",
        )
        assert answer["Response"] == "Success", answer

    async def pause(self, name: str, paused: bool) -> None:
        answer = await self.ami.action(
            "QueuePause", Queue=QUEUE, Interface=f"PJSIP/agent-{name}", Paused=str(paused).lower()
        )
        assert answer["Response"] == "Success", answer

    async def setvar(self, name: str, value: str) -> None:
        assert (await self.ami.action("Setvar", Variable=name, Value=value))["Response"] == "Success"

    def happened(self) -> list[Happening]:
        return happened(self.asterisk.state.asterisk)

    async def until(self, event: str, wanted: Callable[[Happening], bool] = lambda _: True) -> list[Happening]:
        return await until_happened(self.asterisk.state.asterisk, event, wanted)

    async def until_playing(self, name: str) -> None:
        """Until Asterisk reads keys at that prompt."""
        async with asyncio.timeout(10):
            while name not in await self.asterisk.cli("core show channels concise"):  # noqa: ASYNC110 - it gives no event
                await asyncio.sleep(0.05)

    async def until_started_again(self) -> None:
        """Until Asterisk, restarted within its own process, answers again."""
        async with asyncio.timeout(30):
            while not (await self.asterisk.cli("core waitfullybooted")).startswith("Asterisk has fully booted"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def until_all(self, *events: str, count: int) -> None:
        """Until so many of these have happened."""
        async with asyncio.timeout(PATIENCE):
            while sum(row.event in events for row in self.happened()) < count:  # noqa: ASYNC110 - files give no event
                await asyncio.sleep(0.02)

    async def told(self, event: str) -> list[str]:
        """The events until the first of this kind, in order."""
        return [row.event for row in await self.until(event)]


Start = Callable[..., Coroutine[Any, Any, Alone]]


@pytest.fixture
async def start(start_asterisk: StartAsterisk, shipped: dict[str, Any]) -> AsyncIterator[Start]:
    async with AsyncExitStack() as stack:

        async def start(at: datetime = MONDAY_NINE, offset: int | None = None, **line: Any) -> Alone:
            for agent in shipped["agents"]:
                agent["phone"] = "desk"
            shipped["menu"]["silence_seconds"] = 2
            shipped["line"] |= line
            config = HotlineConfig.model_validate(shipped)
            asterisk = await start_asterisk(config, clock_offset=offset_to(at) if offset is None else offset)
            ami = await stack.enter_async_context(asterisk.ami())
            return Alone(asterisk, ami, stack)

        yield start


# --- hours -----------------------------------------------------------------------------------------


async def test_caller_outside_hours_hears_that_we_are_closed_and_goodbye(start: Start) -> None:
    alone = await start(SATURDAY)
    for name in ("closed_hours", "goodbye"):
        prompt(alone.asterisk.state, name, 1.5)
    call = await alone.call()
    assert (await call.hear(1.0)).has_tone(700)
    await call.quiet(0.6)
    await call.sound()
    assert not (await call.ended()).by_us
    assert await alone.told(happenings.END) == [happenings.FALLBACK, happenings.CLOSED, happenings.END]
    assert alone.happened()[-1].extra["lane"] == "closed"


async def test_emergency_is_heard_first_and_a_closure_in_its_own_words(start: Start, shipped: dict[str, Any]) -> None:
    shipped["emergency"] = {"text": "In Rinteln ist geschlossen.", "until": "2026-11-24T00:00"}
    shipped["hours"]["closures"] = [{"from": "2026-11-23", "reason": "Umzug", "announcement": "Wir ziehen um."}]
    alone = await start(MONDAY_NINE)
    prompts = alone.asterisk.state.prompts
    for name, tone in (("emergency", 1000.0), (closure_prompt("Wir ziehen um."), 1500.0)):
        sound_file(prompts / f"{name}.wav", tones.tone((tone,), 1.5, 8000))
    call = await alone.call()
    assert (await call.hear(1.0)).has_tone(1000)
    async with asyncio.timeout(PATIENCE):
        while not (await call.hear(0.5)).has_tone(1500):
            pass
    await call.ended()
    assert await alone.told(happenings.END) == [happenings.FALLBACK, happenings.CLOSED, happenings.END]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
async def test_opens_on_the_second_whatever_zone_the_machine_is_in(
    start: Start, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    opens = int(time.time()) + 4
    alone = await start(offset=int(MONDAY_EIGHT.timestamp()) - opens)
    answers: list[asyncio.Task[Answer]] = []
    await asyncio.sleep(max(0.0, opens - 0.8 - time.time()))
    while time.time() < opens + 0.6:
        answers.append(asyncio.create_task(Call(await alone.raw_phone()).invite()))
        await asyncio.sleep(0.05)
    assert {answer.status for answer in await asyncio.gather(*answers)} == {200}
    await alone.until_all(happenings.CLOSED, happenings.QUEUED, count=len(answers))
    times = {
        event: {row.channel: row.at for row in alone.happened() if row.event == event}
        for event in (happenings.FALLBACK, happenings.CLOSED, happenings.QUEUED)
    }
    closed, arrived_open = times[happenings.CLOSED], times[happenings.FALLBACK].items()
    assert closed
    assert max(closed.values()) < opens + 0.2
    assert {channel for channel, at in arrived_open if at >= opens} <= times[happenings.QUEUED].keys()


async def test_caller_who_came_within_hours_may_wait_a_while_after_closing_and_is_offered_a_callback(
    start: Start,
) -> None:
    closes = int(time.time()) + 5
    alone = await start(
        offset=int(MONDAY_NINE.replace(hour=18).timestamp()) - closes, after_closing_seconds=2, nobody_ready_seconds=60
    )
    prompt(alone.asterisk.state, "closing_now", 1.0)
    call = await alone.call()
    await alone.until(happenings.QUEUED)
    await call.sound()
    heard = await call.hear(1.0)
    assert heard.has_tone(MUSIC_TONE)
    while not (await call.hear(0.5)).has_tone(700):
        assert not call.end
    assert time.time() > closes + 1
    await call.ended()
    assert alone.happened()[-1].extra["lane"] == "queue"


# --- the queue -------------------------------------------------------------------------------------


async def test_only_the_telephone_of_an_agent_who_is_ready_rings_and_they_hear_each_other(start: Start) -> None:
    alone = await start()
    anna, ben = await alone.desk("anna", ready=False), await alone.desk("ben", ready=True)
    call = await alone.call()
    ringing = await ben.incoming()
    await ringing.answer()
    await hear_each_other(call, ringing)
    await ringing.hang_up()
    await call.ended()
    with pytest.raises(PhoneError):
        await anna.incoming(0.1)
    rows = await alone.until(happenings.END)
    assert [row.event for row in rows] == [
        happenings.FALLBACK,
        happenings.QUEUED,
        happenings.ANSWERED,
        happenings.END,
    ]
    answered = rows[2]
    assert answered.extra == {"agent": "ben", "call": ""}
    assert answered.linkedid == rows[0].uniqueid
    assert "agent-ben" in answered.channel


async def test_agent_who_is_ready_again_is_rung_for_a_caller_who_hears_music(start: Start) -> None:
    alone = await start()
    anna = await alone.desk("anna", ready=False)
    call = await alone.call()
    await alone.until(happenings.QUEUED)
    await call.sound()
    assert (await call.hear(1.5)).has_tone(MUSIC_TONE)
    await alone.pause("anna", False)
    ringing = await anna.incoming()
    await ringing.answer()
    await ringing.answered()
    await call.hang_up()
    await ringing.ended()


async def test_caller_for_whom_nobody_comes_is_offered_a_callback_and_told_goodbye(start: Start) -> None:
    alone = await start(nobody_ready_seconds=4)
    await alone.desk("anna", ready=False)
    for name in ("fallback_nobody", "technical_problem"):
        prompt(alone.asterisk.state, name, 1.5)
    call = await alone.call()
    began = time.monotonic()
    await alone.until(happenings.QUEUED)
    while not (await call.hear(0.5)).has_tone(700):
        assert not call.end
    assert time.monotonic() - began > 3
    await call.quiet(0.6)
    await call.sound()
    assert not (await call.ended()).by_us


async def test_caller_who_waits_longer_than_the_longest_wait_is_offered_a_callback(start: Start) -> None:
    alone = await start(longest_wait_seconds=4)
    anna = await alone.desk("anna", ready=True)
    call = await alone.call()
    await anna.incoming()
    assert (await call.ended()).by_us is False
    assert alone.happened()[-1].extra["lane"] == "queue"


async def test_agent_whose_telephone_is_lost_leaves_the_caller_to_the_next_one(start: Start) -> None:
    alone = await start()
    prompt(alone.asterisk.state, "agent_lost", 1.0)
    anna, ben = await alone.desk("anna", ready=True), await alone.desk("ben", ready=False)
    call = await alone.call()
    ringing = await anna.incoming()
    await ringing.answer()
    await alone.until(happenings.ANSWERED)
    await alone.pause("ben", False)
    await alone.pause("anna", True)
    await anna.kill()
    ringing = await ben.incoming(30)
    await ringing.answer()
    await hear_each_other(call, ringing)
    await ringing.hang_up()
    await call.ended()
    rows = await alone.until(happenings.END)
    assert [row.extra["agent"] for row in rows if row.event == happenings.ANSWERED] == ["anna", "ben"]


async def test_who_came_first_is_first_although_the_other_has_waited_in_the_queue_longer(
    start: Start, shipped: dict[str, Any]
) -> None:
    shipped["distribution"]["wrap_up_seconds"] = 0
    alone = await start()
    anna = await alone.desk("anna", ready=True)
    talking = await alone.call()
    first_talk = await anna.incoming()
    await first_talk.answer()
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        early = asyncio.create_task(Call(await alone.raw_phone()).invite())
        held = await agi.session()
        await asyncio.sleep(1.1)  # arrivals are told apart by whole seconds
        late = asyncio.create_task(Call(await alone.raw_phone()).invite())
        (await agi.session()).close()
        await late
        await alone.until(happenings.QUEUED, lambda row: row.uniqueid.endswith(".3"))
        held.close()
        await early
        await alone.until(happenings.QUEUED, lambda row: row.uniqueid.endswith(".2"))
    await talking.hang_up()
    await (await anna.incoming()).answer()
    rows = await alone.until(happenings.ANSWERED, lambda row: not row.linkedid.endswith(".0"))
    assert rows[-1].linkedid.endswith(".2")


# --- the announcement ------------------------------------------------------------------------------

ANNOUNCEMENT_TONE = 1000.0
SOUND = "0123456789abcdef"


def announced(state: StateDirectory, sound: str) -> None:
    """A tone as this announcement, all that comes before and after it silent."""
    folder = state.prompts / announcement.FOLDER
    for made in folder.glob(f"{sound}.*"):
        made.unlink()
    sound_file(folder / f"{sound}.wav", tones.tone((ANNOUNCEMENT_TONE,), 3.0, 8000))
    for name in ("greeting", "please_wait"):
        silent_prompt(state.prompts / f"{name}.wav")


async def hears_announcement(call: PhoneCall) -> bool:
    """Whether it comes before the music of the queue, which the caller hears in the end."""
    await call.answered()
    came = False
    async with asyncio.timeout(PATIENCE):
        while not (heard := await call.hear(0.8)).has_tone(MUSIC_TONE):
            came = came or heard.has_tone(ANNOUNCEMENT_TONE)
    await call.hang_up()
    await call.ended()
    return came


async def test_announcement_is_heard_until_its_end_also_after_asterisk_was_started_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    alone = await start()
    kept = alone.asterisk.state.asterisk / "etc" / announcement.FILE
    announced(alone.asterisk.state, SOUND)

    async def note(text: str) -> None:
        """As the service does."""
        kept.write_text(announcement.kept(text), "utf-8")
        await alone.setvar(variables.ANNOUNCEMENT, text)

    async def heard_until(minutes: float | None, sound: str = SOUND) -> bool:
        if minutes is not None:
            end = datetime.now(UTC) + timedelta(seconds=alone.asterisk.facts.clock_offset, minutes=minutes)
            await note(announcement.note(sound, end))
        return await hears_announcement(await alone.call())

    assert not await heard_until(None)
    assert await heard_until(30)
    alone.asterisk.process.kill()
    await alone.asterisk.process.wait()
    await alone.asterisk.process.start()
    assert await heard_until(None)
    alone.ami = await alone.stack.enter_async_context(alone.asterisk.ami())
    await note(announcement.NOTHING)
    assert "Dialplan reloaded" in await alone.asterisk.cli("dialplan reload")
    assert not await heard_until(None)
    assert not await heard_until(-1)
    assert not await heard_until(26 * 60)
    assert not await heard_until(30, "00")
    assert any("announcements/00" in line for line in alone.asterisk.lines), "of a missing file Asterisk only complains"


async def test_what_the_lead_switches_on_and_off_is_so_while_the_service_is_away(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    async with (
        hotline(start_asterisk, shipped) as chain,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as lead,
    ):
        base, state = chain.config.hotline.public_url, chain.asterisk.state
        await log_in(lead, base, LEAD_ACCOUNT, chain.asterisk.secrets.initial_passwords[LEAD_ACCOUNT], "/lead")

        async def post(path: str, **body: str) -> None:
            headers = {"X-Requested-With": "hotline", "Origin": base}
            async with lead.post(f"{base}{path}", json=body, headers=headers) as answer:
                assert answer.status == 200, await answer.text()

        async def heard_in_fallback() -> bool:
            await chain.stop_service()
            return await hears_announcement(await (await chain.phone(CALLER)).dial(chain.address))

        await post("/lead/announcement", text="Wegen einer Störung geben wir keine Auskunft.", until="17:30")
        (sound,) = {path.stem for path in (state.prompts / announcement.FOLDER).iterdir()}
        announced(state, sound)
        assert await heard_in_fallback()
        await chain.start_service(Clock.starting_at(MONDAY_NINE))
        await post("/lead/notices/1/end")
        assert not await heard_in_fallback()


# --- a callback by keypad --------------------------------------------------------------------------


async def test_callback_to_the_number_shown_is_read_back_and_noted(start: Start) -> None:
    alone = await start()
    await alone.desk("anna", ready=False)
    for digit in range(10):
        prompt(alone.asterisk.state, f"number_{digit}", 0.3)
    call = await alone.call()
    await alone.until(happenings.QUEUED)
    await call.press("1")
    await call.quiet(0.3)
    await call.sound()
    assert (await call.hear(2.0)).has_tone(700)
    await call.press("1")
    assert not (await call.ended()).by_us
    rows = await alone.until(happenings.END)
    assert rows[-2].event == happenings.CALLBACK
    assert rows[-2].extra == {"call": "", "number": ""}
    assert rows[-1].extra["lane"] == "callback"


async def test_callback_to_another_number_is_entered_read_back_and_corrected(start: Start) -> None:
    alone = await start(SATURDAY)
    prompt(alone.asterisk.state, "callback_number_wrong", 1.0)
    call = await alone.call()
    for asked, keys in (
        ("callback_offer", "1"),
        ("callback_number_shown", "2"),
        ("callback_enter_number", "12#"),
        ("callback_number_wrong", ""),
        ("callback_enter_number", "057219824#"),
        ("callback_read_back", "2"),
        ("callback_enter_number", "01715550123#"),
        ("callback_read_back", "1"),
    ):
        await alone.until_playing(asked)
        if keys:
            await call.press(keys)
    assert not (await call.ended()).by_us
    rows = await alone.until(happenings.CALLBACK)
    assert [row.extra["number"] for row in rows if row.event == happenings.CALLBACK] == ["01715550123"]


NOT_OURS = ("anonymous", "4711", "+33142685300", "110%0d%0a", "05721)1234", "+4957211234%20", "0800x1234567")


async def test_caller_without_a_number_of_our_country_is_asked_for_one(start: Start) -> None:
    alone = await start(SATURDAY)
    for user in NOT_OURS:
        call = await alone.call(user)
        await alone.until_playing("callback_offer")
        await call.press("1")
        await alone.until_playing("callback_enter_number")
        await call.hang_up()
        await call.ended()
    assert happenings.CALLBACK not in {row.event for row in alone.happened()}


# --- what callers' devices send --------------------------------------------------------------------

HOSTILE = {
    r'"a,b\"c\\" <sip:05721@127.0.0.1>': r'"a,b\"c\\" <sip:05721@127.0.0.1>',
    '":) x)" <sip:+4957211234@127.0.0.1>': '":_ x_" <sip:+4957211234@127.0.0.1>',
    '"${SHELL(touch /x)}${HL_FROM}$[1+1]" <sip:1@127.0.0.1>': '"${SHELL_touch /x_}${HL_FROM}$[1+1]" <sip:1@127.0.0.1>',
    '"))):1:2,)]}" <sip:%0d%0aEvent%3a%20Hangup%0d%0a,$@127.0.0.1>': (
        '"___:1:2,_]}" <sip:%0d%0aEvent%3a%20Hangup%0d%0a,$@127.0.0.1>'
    ),
    "<sip:%24%7BGLOBAL(HL_DRAIN)%7D&call=forged@127.0.0.1>": "<sip:$%7bGLOBAL_HL_DRAIN_%7d&call=forged@127.0.0.1>",
    "<sip:05721&number=0900@127.0.0.1>": "<sip:05721&number=0900@127.0.0.1>",
    f'"{"x" * 900}" <sip:057211234@127.0.0.1>': f'"{"x" * 900}" <sip:057211234@127.0.0.1>',
}
"""What is sent, and what is written down of it: brackets replaced, nothing evaluated."""


async def test_header_of_a_caller_is_written_down_and_never_evaluated(start: Start) -> None:
    alone = await start(SATURDAY)
    phone = await alone.raw_phone()
    for number, (header, kept) in enumerate(HOSTILE.items()):
        call = Call(phone, sender=header, extra='Privacy: id;"${EPOCH})):1\r\n')
        assert (await call.invite()).status == 200, header
        ending = f".{number}"
        rows = await alone.until(happenings.CLOSED, lambda row, ending=ending: row.uniqueid.endswith(ending))
        await call.hang_up()
        told = next(row for row in rows if row.event == happenings.FALLBACK and row.uniqueid.endswith(ending)).extra
        assert told["call"] == ""
        assert told["gateway"] == "haus"
        assert told["from"] == f"{kept};tag={call.id}"[:400]
        assert told["privacy"] == 'id;"${EPOCH}__:1'
    complaints = [line for line in alone.asterisk.lines if line.startswith(("warning", "error"))]
    assert [line for line in complaints if "127.0.0.1" not in line and "FastAGI" not in line] == []


# --- before the service is asked -------------------------------------------------------------------


async def test_hotline_that_ends_by_and_by_refuses_new_calls_for_another_place_to_take_them(start: Start) -> None:
    alone = await start()
    phone = await alone.raw_phone()
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        await alone.setvar(variables.DRAIN, "1")
        assert (await Call(phone).invite()).status == 503
        await alone.setvar(variables.DRAIN, "0")
        ringing = asyncio.create_task(Call(phone).invite())
        await (await agi.session()).command("ANSWER")
        assert (await ringing).status == 200
    assert happenings.END not in {row.event for row in alone.happened()}


async def test_service_without_a_sign_of_life_is_passed_by(start: Start) -> None:
    """It listens and would keep every caller in silence."""
    alone = await start()
    phone = await alone.raw_phone()
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        await alone.setvar(variables.ALIVE, str(int(time.time()) - variables.ALIVE_PATIENCE - 1))
        assert (await Call(phone).invite()).status == 200
        await alone.until(happenings.QUEUED)
        assert agi.waiting == 0
        await alone.setvar(variables.ALIVE, str(int(time.time())))
        ringing = asyncio.create_task(Call(phone).invite())
        await (await agi.session()).command("ANSWER")
        assert (await ringing).status == 200


# --- when the service dies, and is back ------------------------------------------------------------


async def test_caller_whose_session_breaks_is_in_the_queue_at_once_and_hears_no_greeting(start: Start) -> None:
    alone = await start()
    prompt(alone.asterisk.state, "greeting", 5.0)
    prompt(alone.asterisk.state, "connecting_unclear", 1.0)
    anna = await alone.desk("anna", ready=True)
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        phone = await alone.stack.enter_async_context(Phone(user=CALLER))
        call = await phone.dial(alone.address)
        session = await agi.session()
        await session.command(f"SET VARIABLE __{variables.CALL_ID} 0123456789abcdef")
        await session.command("ANSWER")
        await call.answered()
        broken = time.monotonic()
        session.close()
        ringing = await anna.incoming()
        assert time.monotonic() - broken < 2
        await ringing.answer()
    await hear_each_other(call, ringing)
    await call.hang_up()
    rows = await alone.until(happenings.END)
    assert {row.extra["call"] for row in rows if row.event != happenings.ANSWERED} == {"0123456789abcdef"}


async def test_caller_who_waits_with_the_service_waits_on_when_it_ends(
    start_asterisk: StartAsterisk, shipped: dict[str, Any]
) -> None:
    shipped["menu"]["silence_seconds"] = 2
    async with hotline(start_asterisk, shipped) as chain:
        await chain.agent("anna", ready=False)
        call = await (await chain.phone(CALLER)).dial(chain.address)
        await call.answered()
        await call.press("4")
        await chain.steps(CALLER, "joined_line")
        stopped = time.time()
        await chain.stop_service()
        rows = await until_happened(chain.asterisk.state.asterisk, happenings.QUEUED)
        assert rows[-1].at - stopped < 2
        assert len(rows[-1].extra["call"]) == 16
        await call.sound()
        assert (await call.hear(1.0)).has_tone(MUSIC_TONE)


async def test_waiting_caller_is_taken_back_and_falls_back_again(start: Start) -> None:
    alone = await start()
    phone = await alone.raw_phone()
    call = Call(phone)
    assert (await call.invite()).status == 200
    channel = (await alone.until(happenings.QUEUED))[-1].channel
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        answer = await alone.ami.action("Redirect", Channel=channel, Context="hotline-in", Exten="return", Priority="1")
        assert answer["Response"] == "Success"
        session = await agi.session()
        assert "agi_network_script: return" in session.environment
        assert not await session.variable(variables.LANE)
        assert abs(int(await session.variable(variables.SINCE) or 0) - time.time()) < 30
        session.close()
    rows = await alone.until(happenings.QUEUED, lambda row: row.id > 3)
    assert [row.event for row in rows] == [
        happenings.FALLBACK,
        happenings.QUEUED,
        happenings.RETURNED,
        happenings.FALLBACK,
        happenings.QUEUED,
    ]
    await call.hang_up()
    assert (await alone.told(happenings.END)).count(happenings.END) == 1


async def test_every_end_is_written_down_also_of_calls_that_the_service_ended(start: Start) -> None:
    alone = await start()
    async with Agi(alone.asterisk.config.network.agi.port) as agi:
        ringing = asyncio.create_task(Call(await alone.raw_phone()).invite())
        session = await agi.session()
        await session.command(f"SET VARIABLE {variables.NEXT} {variables.NEXT_HANGUP}")
        await session.command("HANGUP")
        session.close()
        await ringing
    (end,) = await alone.until(happenings.END)
    assert end.extra["lane"] == ""
    assert end.extra["next"] == variables.NEXT_HANGUP


# --- Asterisk itself -------------------------------------------------------------------------------


async def test_dialplan_is_read_again_without_disturbing_anybody(start: Start) -> None:
    """Each day the calendar is rendered anew."""
    alone = await start()
    await alone.setvar(variables.ALIVE, str(int(time.time()) + 60))
    config, state = alone.asterisk.config, alone.asterisk.state
    async with Agi(config.network.agi.port) as agi:
        ringing = asyncio.create_task(Call(await alone.raw_phone()).invite())
        session = await agi.session()
        await session.command("ANSWER")
        await ringing
        held = asyncio.create_task(session.command("WAIT FOR DIGIT 3000"))
        queued = asyncio.create_task(Call(await alone.raw_phone()).invite())
        (await agi.session()).close()
        await queued
        await alone.until(happenings.QUEUED)
        facts = alone.asterisk.facts
        assert rerender(config, facts) is False
        tomorrow = replace(facts, now=facts.now + timedelta(days=1))
        assert rerender(config, tomorrow) is True
        assert "Dialplan reloaded" in await alone.asterisk.cli("dialplan reload")
        last_day = f"{MONDAY_NINE + timedelta(days=401):%Y%m%d}"
        assert last_day in await alone.asterisk.cli("dialplan show hotline-calendar")
        assert await held == "200 result=0"
        session.close()
        await alone.until(happenings.QUEUED, lambda row: row.uniqueid.endswith(".0"))
    assert (await alone.asterisk.cli("core show channels count")).startswith("2 active channels")
    globals_now = await alone.asterisk.cli("dialplan show globals")
    assert variables.ALIVE in globals_now
    assert (state.asterisk / "etc" / "extensions.conf").stat().st_mode & 0o077 == 0


async def test_damaged_file_of_happenings_keeps_nobody_out(start: Start) -> None:
    alone = await start()
    await alone.asterisk.process.stop()
    path = alone.asterisk.state.asterisk / "log" / happenings.FILE
    path.write_bytes(b"no database" * 1000)
    await alone.asterisk.process.start()
    assert (await Call(await alone.raw_phone()).invite()).status == 200
    assert QUEUE in await alone.asterisk.cli("core show channels concise")


@pytest.mark.parametrize("how", ["restarted", "killed"])
async def test_members_of_the_queue_and_their_pauses_outlive_asterisk(start: Start, how: str) -> None:
    alone = await start()
    await alone.join_queue("anna", ready=True)
    await alone.join_queue("ben", ready=False)
    before = await alone.asterisk.cli("queue show")
    await asyncio.sleep(1.5)  # Asterisk stores within a second
    if how == "restarted":
        await alone.asterisk.cli("core restart gracefully")
        await alone.until_started_again()
    else:
        alone.asterisk.process.kill()
        await alone.asterisk.process.wait()
        await alone.asterisk.process.start()
    after = await alone.asterisk.cli("queue show")
    for shown in (before, after):
        lines = {line.split()[0]: line for line in shown.splitlines() if "PJSIP/" in line}
        assert sorted(lines) == ["anna", "ben"]
        assert "paused" not in lines["anna"]
        assert "paused" in lines["ben"]


async def test_numbers_of_happenings_only_grow_and_reading_never_holds_asterisk_up(start: Start) -> None:
    alone = await start(SATURDAY)
    phone = await alone.raw_phone()

    async def closed_call() -> int:
        before = [row.id for row in alone.happened()]
        call = Call(phone)
        await call.invite()
        await alone.until(happenings.CLOSED, lambda row: row.id not in before)
        await call.hang_up()
        return (await alone.until(happenings.END, lambda row: row.id not in before))[-1].id

    last = await closed_call()
    path = alone.asterisk.state.asterisk / "log" / happenings.FILE
    assert path.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute(f"SELECT count(*) FROM {happenings.TABLE}").fetchone()  # noqa: S608
        assert await closed_call() == last + 3
        reader.execute("COMMIT")
        reader.execute(f"DELETE FROM {happenings.TABLE}")  # noqa: S608
    assert await closed_call() == last + 6
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        call = Call(phone)
        await call.invite()
        await asyncio.sleep(0.8)
        writer.execute("COMMIT")
    assert len(await alone.until(happenings.CLOSED, lambda row: row.id > last + 6)) == 5
