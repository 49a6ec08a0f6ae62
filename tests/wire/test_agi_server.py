"""Garbage, port scans, slow and too many clients, failing handlers: the others' calls go on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from hotline.errors import SetupError
from hotline.telephony.agi_server import AgiServer
from hotline.telephony.agi_session import AgiSession
from tests.wire.doubles import AgiCaller, environment, eventually

SECRET_TEXT = "05721 4711"


async def answer(session: AgiSession) -> None:
    """A handler for every test here; the channel's name makes it fail or stay."""
    match session.environment["agi_channel"]:
        case "failing":
            raise RuntimeError(SECRET_TEXT)
        case "waiting":
            await session.wait_for_digit(3600)
    await session.answer()


@pytest.fixture
async def server() -> AsyncIterator[AgiServer]:
    server = AgiServer(answer, port=0)
    await server.start()
    yield server
    await server.close()


async def is_served(server: AgiServer) -> bool:
    caller = await AgiCaller.call(server)
    command = await caller.answer(b"200 result=0\n")
    rest = await caller.closed_by_service()
    return (command, rest) == ("ANSWER", b"")


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
        b"\n" * 100,
        b"agi_x: " + b"x" * 10_000,
        b"x" * 100_000,
        b"".join(b"agi_arg_%d: x\n" % number for number in range(101)),
    ],
)
async def test_garbage_is_closed_at_once_and_others_are_served(server: AgiServer, garbage: bytes) -> None:
    client = await AgiCaller.connect(server)
    client.say(garbage)
    assert await client.closed_by_service() == b""
    assert await is_served(server)


async def test_log_about_a_garbage_client_holds_nothing_that_it_sent(server: AgiServer) -> None:
    with capture_logs() as logs:
        client = await AgiCaller.connect(server)
        client.say(SECRET_TEXT.encode() + b"\n")
        await client.closed_by_service()
    assert logs
    assert SECRET_TEXT not in str(logs)


async def test_port_scan_does_not_disturb(server: AgiServer) -> None:
    for _ in range(100):
        await (await AgiCaller.connect(server)).leave()
    assert await is_served(server)


async def test_slow_client_is_closed_when_its_time_is_over() -> None:
    server = AgiServer(answer, port=0, header_seconds=0.05)
    await server.start()
    slow = await AgiCaller.connect(server)
    slow.say(environment()[:-1])
    silent = await AgiCaller.connect(server)
    assert await slow.closed_by_service() == b""
    assert await silent.closed_by_service() == b""
    await server.close()


async def test_session_outlives_the_header_timeout() -> None:
    server = AgiServer(answer, port=0, header_seconds=0.05)
    await server.start()
    caller = await AgiCaller.connect(server)
    caller.say(environment({"agi_channel": "waiting"}))
    assert await caller.command() == "WAIT FOR DIGIT 3600000"
    slow = await AgiCaller.connect(server)  # came later, so the caller's time is over before its
    assert await slow.closed_by_service() == b""
    caller.say(b"200 result=0\n")
    assert await caller.command() == "ANSWER"
    await caller.leave()
    await server.close()


async def test_thousand_idle_connections_do_not_hurt_a_caller(server: AgiServer) -> None:
    idle = [await AgiCaller.connect(server) for _ in range(1000)]
    assert await is_served(server)
    for connection in idle:
        await connection.leave()


async def test_connection_beyond_the_limit_is_refused_and_a_free_place_is_used_again() -> None:
    server = AgiServer(answer, port=0, max_sessions=2)
    await server.start()
    first, second = await AgiCaller.connect(server), await AgiCaller.connect(server)
    third = await AgiCaller.call(server)
    assert await third.closed_by_service() == b""
    await first.leave()
    await eventually(lambda: server.connections < 2)
    assert await is_served(server)
    await second.leave()
    await server.close()


async def test_failing_handler_closes_its_own_session_and_its_message_is_not_logged(server: AgiServer) -> None:
    with capture_logs() as logs:
        caller = await AgiCaller.connect(server)
        caller.say(environment({"agi_channel": "failing"}))
        assert await caller.closed_by_service() == b""
    assert [entry["error"] for entry in logs if entry["log_level"] == "error"] == ["RuntimeError"]
    assert SECRET_TEXT not in str(logs)
    assert await is_served(server)


async def test_close_ends_handlers_and_connections() -> None:
    server = AgiServer(answer, port=0)
    await server.start()
    caller = await AgiCaller.connect(server)
    caller.say(environment({"agi_channel": "waiting"}))
    assert await caller.command() == "WAIT FOR DIGIT 3600000"
    idle = await AgiCaller.connect(server)
    await server.close()
    assert await caller.closed_by_service() == b""
    assert await idle.closed_by_service() == b""
    assert server.sessions == 0
    with pytest.raises(ConnectionRefusedError):
        await AgiCaller.connect(server)


async def test_port_in_use_is_one_plain_sentence(server: AgiServer) -> None:
    second = AgiServer(answer, port=server.port)
    with pytest.raises(SetupError, match=rf"port 127.0.0.1:{server.port} cannot be used .*another AGI port"):
        await second.start()
    await second.close()


async def test_environment_reaches_the_handler() -> None:
    seen: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def handler(session: AgiSession) -> None:
        await seen.put(session.environment)

    server = AgiServer(handler, port=0)
    await server.start()
    caller = await AgiCaller.connect(server)
    caller.say("agi_network_script: call\nagi_arg_1: Müller: x\nagi_accountcode: \n\n".encode())
    assert await seen.get() == {"agi_network_script": "call", "agi_arg_1": "Müller: x", "agi_accountcode": ""}
    await caller.closed_by_service()
    await server.close()
