"""The connection that misbehaves does it as it is told, and passes everything on when it is told to."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import Mode, Proxy

LINE = b"Event: Hangup\r\nUniqueid: 12345678901234567890\r\nCause: 16\r\n\r\n"
SHORT = 0.3


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
    writer.close()


@pytest.fixture
async def proxy(unused_tcp_port_factory: "type[int]") -> AsyncIterator[Proxy]:
    target, port = unused_tcp_port_factory(), unused_tcp_port_factory()
    server = await asyncio.start_server(_echo, "127.0.0.1", target)
    async with Proxy(port, target) as proxy:
        yield proxy
    server.close()


async def _connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def _answer(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], seconds: float = 5.0) -> bytes:
    line[1].write(LINE)
    async with asyncio.timeout(seconds):
        return await line[0].read(4096)


async def _rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(1)
    except ConnectionError:
        return b""


async def test_everything_passes(proxy: Proxy) -> None:
    line = await _connect(proxy)
    assert await _answer(line) == LINE
    line[1].close()


async def test_silent_line_holds_everything_back_until_it_passes_again(proxy: Proxy) -> None:
    line = await _connect(proxy)
    assert await _answer(line) == LINE
    await proxy.turn(Mode.SILENT)
    with pytest.raises(TimeoutError):
        await _answer(line, SHORT)
    await proxy.turn(Mode.PASS)
    assert await line[0].read(4096) == LINE
    line[1].close()


async def test_closed_port_cuts_what_stands_and_refuses_what_comes(proxy: Proxy) -> None:
    cut = await _connect(proxy)
    assert await _answer(cut) == LINE
    await proxy.turn(Mode.CLOSED)
    assert await _rest(cut[0]) == b""
    cut[1].close()
    with pytest.raises(ConnectionError):
        await _connect(proxy)
    await proxy.turn(Mode.PASS)
    line = await _connect(proxy)
    assert await _answer(line) == LINE
    line[1].close()


async def test_line_out_of_step_loses_bytes_on_the_way_back(proxy: Proxy) -> None:
    await proxy.turn(Mode.OUT_OF_STEP)
    line = await _connect(proxy)
    answers = [await _answer(line) for _ in range(3)]
    assert answers.count(LINE) == 2
    assert any(len(answer) < len(LINE) for answer in answers)
    line[1].close()


async def test_slow_line_takes_its_time(proxy: Proxy) -> None:
    await proxy.turn(Mode.SLOW)
    line = await _connect(proxy)
    with pytest.raises(TimeoutError):
        await _answer(line, SHORT)
    assert await line[0].read(4096) == LINE
    line[1].close()
