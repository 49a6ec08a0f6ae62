"""Whole AGI sessions over TCP: what is sent, what the answers mean, hang-up and EOF wherever they fall."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from hotline.errors import AgiClosed, AgiError, AgiRefused, CallerGone
from hotline.telephony import agi_session
from hotline.telephony.agi_protocol import Reply
from hotline.telephony.agi_server import AgiServer
from hotline.telephony.agi_session import AgiSession
from tests.wire.doubles import AgiCaller, environment, eventually

HUNG_UP = b"200 result=-1\nHANGUP\n"


class Desk:
    """One session under test: `caller` is Asterisk's end, `session` ours."""

    def __init__(self, session: AgiSession, caller: AgiCaller) -> None:
        self.session, self.caller = session, caller

    async def do(self, command: Awaitable[object], reply: bytes) -> tuple[str, object]:
        """Run a command, answer with `reply`; what was sent and what came of it (an AgiError as value)."""
        task = asyncio.ensure_future(command)
        sent = await self.caller.answer(reply)
        try:
            return sent, await task
        except AgiError as error:
            return sent, error


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    sessions: asyncio.Queue[AgiSession] = asyncio.Queue()

    async def handler(session: AgiSession) -> None:
        await sessions.put(session)
        await finish.wait()

    finish = asyncio.Event()
    server = AgiServer(handler, port=0)
    await server.start()
    caller = await AgiCaller.call(server)
    yield Desk(await sessions.get(), caller)
    finish.set()
    await caller.leave()
    await server.close()


COMMANDS: list[tuple[Callable[[AgiSession], Awaitable[object]], str, bytes, object]] = [
    (lambda s: s.answer(), "ANSWER", b"200 result=0\n", None),
    (lambda s: s.play("/p/hello"), 'CONTROL STREAM FILE /p/hello "" 3000 z z z', b"200 result=0 endpos=-1\n", ""),
    (lambda s: s.play("/a b", "0#*"), 'CONTROL STREAM FILE "/a b" 0#* 3000 z z z', b"200 result=35 endpos=1\n", "#"),
    (lambda s: s.wait_for_digit(2.5), "WAIT FOR DIGIT 2500", b"200 result=0\n", ""),
    (lambda s: s.wait_for_digit(0.0004), "WAIT FOR DIGIT 0", b"200 result=52\n", "4"),
    (lambda s: s.wait_for_digit(-1), "WAIT FOR DIGIT 0", b"200 result=68\n", "D"),
    (lambda s: s.music(True), "SET MUSIC ON default", b"200 result=0\n", None),
    (lambda s: s.music(True, "hotline"), "SET MUSIC ON hotline", b"200 result=0\n", None),
    (lambda s: s.music(False), "SET MUSIC OFF", b"200 result=0\n", None),
    (lambda s: s.get_variable("X"), "GET VARIABLE X", b"200 result=0\n", None),
    (lambda s: s.get_variable("X"), "GET VARIABLE X", b"200 result=1 (a (b) c)\n", "a (b) c"),
    (lambda s: s.get_variable("X"), "GET VARIABLE X", b"200 result=1 ()\n", ""),
    (lambda s: s.set_variable("X", 'a "b"'), 'SET VARIABLE X "a \\"b\\""', b"200 result=1\n", None),
    (lambda s: s.set_variable("X", ""), 'SET VARIABLE X ""', b"200 result=1\n", None),
    (lambda s: s.hang_up(), "HANGUP", b"200 result=1\n", None),
    (lambda s: s.hang_up(), "HANGUP", b"200 result=-1\n", None),
    (lambda s: s.hang_up(), "HANGUP", b"511 Command Not Permitted on a dead channel\n", None),
    (
        lambda s: s.execute("Dial", "PJSIP/agent-anna", "12", "g"),
        'EXEC Dial "PJSIP/agent-anna,12,g"',
        b"200 result=0\n",
        Reply(200, 0, "0"),
    ),
    (lambda s: s.execute("Ringing"), 'EXEC Ringing ""', b"200 result=0\n", Reply(200, 0, "0")),
    (lambda s: s.command("CHANNEL STATUS", "nix"), "CHANNEL STATUS nix", b"200 result=-1\n", Reply(200, -1, "-1")),
]


@pytest.mark.parametrize(("command", "sent", "reply", "value"), COMMANDS)
async def test_command_is_sent_and_its_answer_understood(
    desk: Desk, command: Callable[[AgiSession], Awaitable[object]], sent: str, reply: bytes, value: object
) -> None:
    assert await desk.do(command(desk.session), reply) == (sent, value)
    assert await desk.do(desk.session.wait_for_digit(1), b"200 result=49\n") == ("WAIT FOR DIGIT 1000", "1")


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (b"510 Invalid or unknown command\n", AgiRefused, "510 Invalid or unknown command"),
        (b"520 Invalid command syntax.\n", AgiRefused, "520 Invalid command syntax."),
        (b"520-Invalid command syntax.\nUsage\nmore\n520 End of proper usage.\n", AgiRefused, "520 Invalid command"),
        (b"511 Command Not Permitted on a dead channel\n", CallerGone, "EXEC Dial"),
        (b"200 result=-2\n", AgiRefused, "EXEC Dial"),
        (HUNG_UP, CallerGone, "left during EXEC Dial"),
        (b"HANGUP\n", CallerGone, "left"),
    ],
)
async def test_refusal_and_hang_up_are_told_apart(desk: Desk, reply: bytes, error: type[AgiError], says: str) -> None:
    _, outcome = await desk.do(desk.session.execute("Dial", "PJSIP/agent-anna,12,g"), reply)
    assert type(outcome) is error
    assert says in str(outcome)
    assert "agent-anna" not in str(outcome)


async def test_session_goes_on_after_a_refused_command(desk: Desk) -> None:
    usage = b"520-Invalid command syntax.  Proper usage follows:\nUsage: PLAY\n520 End of proper usage.\n"
    _, refused = await desk.do(desk.session.command("CONTROL STREAM FILE"), usage)
    assert isinstance(refused, AgiRefused)
    assert await desk.do(desk.session.answer(), b"200 result=0\n") == ("ANSWER", None)


async def test_minus_one_without_hang_up_is_a_failure_of_the_command(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agi_session, "HANG_UP_FOLLOWS", 0.01)
    _, outcome = await desk.do(desk.session.play("missing"), b"200 result=-1 endpos=-1\n")
    assert isinstance(outcome, AgiRefused)
    assert await desk.do(desk.session.answer(), b"200 result=0\n") == ("ANSWER", None)


async def test_minus_one_and_a_hang_up_in_a_later_segment_is_the_caller_gone(desk: Desk) -> None:
    task = asyncio.ensure_future(desk.session.execute("Dial", "PJSIP/agent-anna"))
    await desk.caller.answer(b"200 result=-1\n")
    await eventually(lambda: not desk.session.busy_with)  # the reply has been read, HANGUP has not come
    desk.caller.say(b"HANG")
    desk.caller.say(b"UP\n")
    with pytest.raises(CallerGone):
        await task


@pytest.mark.parametrize("times", [1, 3])
async def test_waiting_is_interrupted_by_another_command_whose_answer_is_nobodys(desk: Desk, times: int) -> None:
    task = asyncio.ensure_future(desk.session.wait_for_digit(5))
    assert await desk.caller.command() == "WAIT FOR DIGIT 5000"
    for _ in range(times):
        desk.session.interrupt()
        assert await desk.caller.command() == "NOOP"
    desk.caller.say(b"200 result=1\n" + times * b"200 result=0\n")
    assert await task == agi_session.INTERRUPTED
    assert await desk.do(desk.session.answer(), b"200 result=0\n") == ("ANSWER", None)


async def test_next_command_waits_for_the_answer_to_an_interruption(desk: Desk) -> None:
    task = asyncio.ensure_future(desk.session.wait_for_digit(5))
    await desk.caller.command()
    desk.session.interrupt()
    assert await desk.caller.command() == "NOOP"
    desk.caller.say(b"200 result=52\n")
    assert await task == "4"
    next_one = asyncio.ensure_future(desk.session.get_variable("X"))
    await asyncio.sleep(0)
    desk.session.interrupt()  # not yet sent: there is nothing to interrupt
    desk.caller.say(b"200 result=0\n")
    assert await desk.caller.command() == "GET VARIABLE X"
    desk.caller.say(b"200 result=1 (yes)\n")
    assert await next_one == "yes"


async def test_next_command_brings_an_answer_that_does_not_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi_session, "UNREAD_SECONDS", 0.01)
    task = asyncio.ensure_future(desk.session.wait_for_digit(5))
    await desk.caller.command()
    desk.session.interrupt()
    assert await desk.caller.command() == "NOOP"
    desk.caller.say(b"200 result=0\n")
    assert await task == ""
    next_one = asyncio.ensure_future(desk.session.get_variable("X"))
    assert await desk.caller.command() == "GET VARIABLE X"
    desk.caller.say(b"200 result=0\n200 result=1 (yes)\n")
    assert await next_one == "yes"


async def test_nothing_but_waiting_is_interrupted(desk: Desk) -> None:
    desk.session.interrupt()
    task = asyncio.ensure_future(desk.session.execute("Dial", "PJSIP/agent-anna"))
    assert (await desk.caller.command()).startswith("EXEC Dial")
    desk.session.interrupt()
    desk.caller.say(b"200 result=0\n")
    await task
    desk.session.interrupt()
    assert await desk.do(desk.session.answer(), b"200 result=0\n") == ("ANSWER", None)


async def test_minus_one_of_wait_for_digit_is_the_caller_gone_even_before_hang_up(desk: Desk) -> None:
    _, outcome = await desk.do(desk.session.wait_for_digit(5), b"200 result=-1\n")
    assert isinstance(outcome, CallerGone)
    assert not desk.session.hung_up


async def test_answer_before_hang_up_in_one_segment_is_kept_and_the_next_command_fails(desk: Desk) -> None:
    _, outcome = await desk.do(desk.session.execute("Dial", "PJSIP/agent-anna,12,g"), b"200 result=0\nHANGUP\n")
    assert outcome == Reply(200, 0, "0")
    with pytest.raises(CallerGone):
        await desk.session.get_variable("DIALSTATUS")


async def test_hang_up_before_the_answer_ends_the_command_and_the_late_answer_is_ignored(desk: Desk) -> None:
    with capture_logs() as logs:
        _, outcome = await desk.do(desk.session.play("hello"), b"HANGUP\n511 Command Not Permitted\n200 result=0\n")
        assert isinstance(outcome, CallerGone)
    assert logs == []


async def test_hang_up_while_idle_sets_over_and_fails_the_next_command(desk: Desk) -> None:
    assert not desk.session.over.is_set()
    desk.caller.say(b"HANGUP\n")
    await asyncio.wait_for(desk.session.over.wait(), 10)
    assert desk.session.hung_up
    with pytest.raises(CallerGone):
        await desk.session.answer()
    await desk.session.hang_up()  # nothing left to do, no error


async def test_end_of_connection_while_idle_sets_over_and_fails_the_next_command(desk: Desk) -> None:
    await desk.caller.leave()
    await asyncio.wait_for(desk.session.over.wait(), 10)
    assert not desk.session.hung_up
    with pytest.raises(AgiClosed):
        await desk.session.answer()


async def test_end_of_connection_during_a_command_fails_it(desk: Desk) -> None:
    task = asyncio.ensure_future(desk.session.play("hello"))
    assert (await desk.caller.command()).startswith("CONTROL STREAM FILE hello")
    await desk.caller.leave()
    with pytest.raises(AgiClosed):
        await task


async def test_cancelled_command_closes_the_session_instead_of_getting_out_of_step(desk: Desk) -> None:
    task = asyncio.ensure_future(desk.session.wait_for_digit(60))
    assert await desk.caller.command() == "WAIT FOR DIGIT 60000"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(AgiClosed):
        await desk.session.answer()
    assert await desk.caller.closed_by_service() == b""


async def test_command_that_is_not_answered_in_time_closes_the_session(desk: Desk) -> None:
    with pytest.raises(AgiClosed, match="did not answer ANSWER within"):
        await desk.session.command("ANSWER", timeout=0.01)
    assert await desk.caller.closed_by_service() == b"ANSWER\n"


async def test_second_command_while_one_is_in_flight_is_a_mistake_and_not_sent(desk: Desk) -> None:
    task = asyncio.ensure_future(desk.session.answer())
    assert await desk.caller.command() == "ANSWER"
    assert desk.session.busy_with == "answer"
    with pytest.raises(RuntimeError):
        await desk.session.play("hello")
    desk.caller.say(b"200 result=0\n")
    await task
    assert desk.session.busy_with == ""


@pytest.mark.parametrize("line", [b"200 result=1 (forged)\n", b"510 Invalid\n", b"hello\n", b"x" * 9000])
async def test_answer_that_nobody_asked_for_closes_the_session(desk: Desk, line: bytes) -> None:
    desk.caller.say(line)
    await asyncio.wait_for(desk.session.over.wait(), 10)
    assert await desk.caller.closed_by_service() == b""
    with pytest.raises(AgiClosed):
        await desk.session.get_variable("X")


@pytest.mark.parametrize("evil", ["a\nEXEC System x", "a\r", "\0"])
async def test_line_break_in_a_value_is_refused_and_nothing_is_sent(desk: Desk, evil: str) -> None:
    with pytest.raises(ValueError, match="line break or NUL"):
        await desk.session.set_variable("X", evil)
    assert await desk.do(desk.session.answer(), b"200 result=0\n") == ("ANSWER", None)


async def whole_call(session: AgiSession) -> str:
    await session.answer()
    key = await session.play("menu", "123")
    await session.set_variable("HL_NEXT", "dial")
    await session.execute("Dial", "PJSIP/agent-anna,12,g")
    return key + (await session.get_variable("DIALSTATUS") or "")


REPLIES = [
    b"200 result=0\n",
    b"200 result=50 endpos=9\n",
    b"200 result=1\n",
    b"200 result=0\n",
    b"200 result=1 (ANSWER)\n",
]


class Calls:
    """A server whose handler runs `whole_call` and keeps what came of each."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.server = AgiServer(self._handle, port=0)

    async def _handle(self, session: AgiSession) -> None:
        try:
            self.outcomes.append(await whole_call(session))
        except AgiError as error:
            self.outcomes.append(type(error).__name__)


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    calls = Calls()
    await calls.server.start()
    yield calls
    await calls.server.close()


async def talk(calls: Calls, *replies: bytes) -> str:
    """Asterisk's side: environment, then one reply per command, then EOF."""
    before = len(calls.outcomes)
    caller = await AgiCaller.call(calls.server)
    for reply in replies:
        await caller.answer(reply)
    await caller.leave()
    await eventually(lambda: len(calls.outcomes) > before)
    return calls.outcomes[-1]


async def test_whole_call_fed_byte_by_byte(calls: Calls) -> None:
    caller = await AgiCaller.connect(calls.server)
    for byte in environment():
        caller.say(bytes([byte]))
        await caller.writer.drain()
    for reply in REPLIES:
        await caller.command()
        for byte in reply:
            caller.say(bytes([byte]))
            await asyncio.sleep(0)
    await eventually(lambda: calls.outcomes)
    assert calls.outcomes == ["2ANSWER"]
    await caller.leave()


async def test_end_of_connection_at_every_byte_of_a_call(calls: Calls) -> None:
    with capture_logs() as logs:
        for cut in range(len(environment())):
            caller = await AgiCaller.connect(calls.server)
            caller.say(environment()[:cut])
            await caller.leave()
        for number, reply in enumerate(REPLIES):
            for cut in range(len(reply)):
                assert await talk(calls, *REPLIES[:number], reply[:cut]) == "AgiClosed"
        assert await talk(calls, *REPLIES) == "2ANSWER"
        await eventually(lambda: not calls.server.sessions)
    assert [entry for entry in logs if entry["log_level"] in {"warning", "error"}] == []
    assert len(calls.outcomes) == sum(map(len, REPLIES)) + 1


@pytest.mark.parametrize("number", range(len(REPLIES)))
async def test_hang_up_instead_of_each_answer(calls: Calls, number: int) -> None:
    assert await talk(calls, *REPLIES[:number], b"HANGUP\n") == "CallerGone"
    assert await talk(calls, *REPLIES[:number], HUNG_UP) == "CallerGone"
    assert await talk(calls, *REPLIES[:number], b"511 Command Not Permitted on a dead channel\n") == "CallerGone"


@pytest.mark.parametrize("number", range(1, len(REPLIES)))
async def test_hang_up_after_each_answer(calls: Calls, number: int) -> None:
    assert await talk(calls, *REPLIES[: number - 1], REPLIES[number - 1] + b"HANGUP\n") == "CallerGone"


async def test_hang_up_right_after_the_environment(calls: Calls) -> None:
    caller = await AgiCaller.connect(calls.server)
    caller.say(environment() + b"HANGUP\n")
    await eventually(lambda: calls.outcomes)
    assert calls.outcomes == ["CallerGone"]
    assert await caller.closed_by_service() == b""
