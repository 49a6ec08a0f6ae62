"""What a caller presses while prompts play, as Asterisk tells it over a real socket."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hotline.exchange.dialogue import KEYS, Dialogue, Entry
from hotline.telephony.agi_server import AgiServer
from hotline.telephony.agi_session import AgiSession
from ivr.conversation import Conversation
from ivr.effects import Collect, Wait
from ivr.events import CallArrived, DigitsEntered, SilenceElapsed
from routing.hours import Calendar
from tests.unit.conversations import CALLER, MONDAY_9, shipped
from tests.wire.doubles import AgiCaller, eventually

TOLD = "announcements/one"
OVER = b"200 result=0 endpos=8000\n"


class NobodyInterrupts:
    async def stop_prompt(self, channel: str) -> None:
        raise AssertionError(channel)


class Welcomed:
    """A server that plays a conversation's questions until the first one that is none, and keeps what was joined."""

    def __init__(self) -> None:
        self.request_types: list[str | None] = []
        self.server = AgiServer(self._handle, port=0)

    async def _handle(self, session: AgiSession) -> None:
        dialogue = Dialogue(session, "PJSIP/caller", NobodyInterrupts(), asyncio.Event(), lambda name: (name,))
        conversation = Conversation(shipped(), Calendar(shipped()))
        effects = conversation.receive(CallArrived(MONDAY_9, CALLER, True, TOLD))
        while isinstance(effects[0], Collect):
            keys = await dialogue.collect(effects[0])
            effects = conversation.receive(SilenceElapsed() if keys is None else DigitsEntered(keys.digits))
        self.request_types.append(conversation.request_type)


@pytest.fixture
async def welcomed() -> AsyncIterator[Welcomed]:
    welcomed = Welcomed()
    await welcomed.server.start()
    yield welcomed
    await welcomed.server.close()


async def plays(caller: AgiCaller, answer: bytes = OVER) -> str:
    """The next prompt; every key stops it."""
    words = (await caller.answer(answer)).replace('"', "").split()
    assert words[:3] == ["CONTROL", "STREAM", "FILE"], words
    assert words[4] == KEYS
    return words[3]


@pytest.mark.parametrize("before", [(), ("greeting",), ("greeting", "en/language_offer")])
async def test_key_during_greeting_or_announcement_ends_it_and_is_the_menus_key(
    welcomed: Welcomed, before: tuple[str, ...]
) -> None:
    caller = await AgiCaller.call(welcomed.server)
    assert tuple([await plays(caller) for _ in before]) == before
    await plays(caller, b"200 result=52 endpos=400\n")  # "4"
    await eventually(lambda: welcomed.request_types == ["rent"])
    await caller.leave()


async def test_after_the_announcement_the_menu_follows_at_once(welcomed: Welcomed) -> None:
    caller = await AgiCaller.call(welcomed.server)
    heard = [await plays(caller) for _ in range(4)]
    assert heard == ["greeting", "en/language_offer", TOLD, "data_protection"]
    await plays(caller, b"200 result=52 endpos=400\n")
    await eventually(lambda: welcomed.request_types == ["rent"])
    await caller.leave()


class Waited:
    """A server that lets its caller wait once, and keeps the entry."""

    def __init__(self, effect: Wait) -> None:
        self.effect, self.entries = effect, list[Entry | None]()
        self.server = AgiServer(self._handle, port=0)

    async def _handle(self, session: AgiSession) -> None:
        dialogue = Dialogue(session, "PJSIP/caller", NobodyInterrupts(), asyncio.Event(), lambda name: (name,))
        self.entries.append(await dialogue.wait(self.effect))


@pytest.mark.parametrize(
    ("effect", "keys"),
    [
        (Wait(("position",), 5), '""'),
        (Wait(("position",), 5, 1, finish="", at_once="*"), "*"),
        (Wait(("position",), 5, 13, at_once="*"), KEYS),
    ],
)
async def test_only_keys_that_mean_something_stop_a_prompt(effect: Wait, keys: str) -> None:
    waited = Waited(effect)
    await waited.server.start()
    caller = await AgiCaller.call(waited.server)
    words = (await caller.answer(OVER)).split()
    assert words[4].strip('"') == keys.strip('"')
    await caller.leave()
    await waited.server.close()


async def test_answer_is_waited_for_after_prompts_that_took_all_the_time() -> None:
    waited = Waited(Wait(("closing_now",), 0, 1, finish="", pause_seconds=5))
    await waited.server.start()
    caller = await AgiCaller.call(waited.server)
    assert (await caller.answer(OVER)).startswith("CONTROL STREAM FILE")
    assert (await caller.answer(OVER)).startswith("SET MUSIC")
    assert (await caller.answer(b"200 result=0\n")).startswith("WAIT FOR DIGIT")
    assert (await caller.answer(b"200 result=49\n")).startswith("WAIT FOR DIGIT")
    await eventually(lambda: waited.entries == [Entry("1", ended=True)])
    await caller.leave()
    await waited.server.close()


@pytest.mark.parametrize("most", [1, 13])
async def test_star_is_a_whole_entry_and_other_keys_do_not_end_the_music(most: int) -> None:
    waited = Waited(Wait((), 5, most, finish="" if most == 1 else "#", at_once="*"))
    await waited.server.start()
    caller = await AgiCaller.call(waited.server)
    assert (await caller.answer(b"200 result=0\n")).startswith("SET MUSIC")
    if most == 1:
        assert (await caller.answer(b"200 result=53\n")).startswith("WAIT FOR DIGIT")  # "5" means nothing
    assert (await caller.answer(b"200 result=42\n")).startswith("WAIT FOR DIGIT")
    await eventually(lambda: waited.entries == [Entry("*", ended=True)])
    await caller.leave()
    await waited.server.close()


@pytest.mark.parametrize(("last", "ended"), [(b"35", True), (b"53", True), (b"0", False)])
async def test_entry_says_whether_the_caller_has_ended_it(last: bytes, ended: bool) -> None:
    """By the hash key or the last digit; not when no further key came."""
    waited = Waited(Wait((), 5, 3, between_seconds=8))
    await waited.server.start()
    caller = await AgiCaller.call(waited.server)
    assert (await caller.answer(b"200 result=0\n")).startswith("SET MUSIC")
    for key in (b"50", b"51"):
        assert (await caller.answer(b"200 result=" + key + b"\n")).startswith("WAIT FOR DIGIT")
    assert (await caller.answer(b"200 result=" + last + b"\n")).startswith("WAIT FOR DIGIT 8000")
    await eventually(lambda: waited.entries == [Entry("235" if last == b"53" else "23", ended)])
    await caller.leave()
    await waited.server.close()
