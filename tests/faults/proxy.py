"""A TCP connection that misbehaves: it stands between the service and Asterisk and passes bytes on, or worse."""

import asyncio
import contextlib
from enum import StrEnum
from typing import Self

CHUNK = 4096
SLOW_SECONDS, SLOW_BYTES = 0.25, 400
"""A slow line passes so many bytes each so many seconds: an event of Asterisk takes that long."""
SKIP_EVERY, SKIPPED = 3, 37
"""Out of step: of every so many chunks towards the service, that many bytes get lost in the middle."""


class Mode(StrEnum):
    PASS = "pass"
    SILENT = "silent"
    """Connections stand and are accepted, but nothing passes in either direction."""
    SLOW = "slow"
    OUT_OF_STEP = "out of step"
    """Bytes get lost on the way to whoever connected, so that messages no longer begin where they should."""
    CLOSED = "closed"
    """Nobody listens, and every connection is cut."""


class Proxy:
    """`async with Proxy(port, target) as proxy`; `await proxy.turn(Mode.SILENT)` until `turn(Mode.PASS)`."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self.mode = Mode.PASS
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.Task[None]] = set()
        self._chunks = 0

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()
        await self.cut()

    async def turn(self, mode: Mode) -> None:
        """From now on; what a silent line has held back arrives when it passes again."""
        closed_before, self.mode = self.mode is Mode.CLOSED, mode
        self._changed.set()
        self._changed = asyncio.Event()
        if mode is Mode.CLOSED:
            await self._close()
            await self.cut()
        elif closed_before:
            await self._open()

    async def cut(self) -> None:
        """Every connection breaks off; new ones are taken as the mode says."""
        for pair in list(self._pairs):
            pair.cancel()
        await asyncio.gather(*self._pairs, return_exceptions=True)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pairs.add(task)
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._pairs.discard(task)
            _abort(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, away = await asyncio.open_connection("127.0.0.1", self.target)
        both = [
            asyncio.create_task(self._one_way(reader, away)),
            asyncio.create_task(self._one_way(there, writer, True)),
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            _abort(away)

    async def _one_way(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, answers: bool = False) -> None:
        while True:
            data = await source.read(SLOW_BYTES if self.mode is Mode.SLOW else CHUNK)
            if not data:
                return
            while self.mode is Mode.SILENT:
                await self._changed.wait()
            if self.mode is Mode.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            if self.mode is Mode.OUT_OF_STEP and answers:
                data = self._with_a_gap(data)
            sink.write(data)
            await sink.drain()

    def _with_a_gap(self, data: bytes) -> bytes:
        self._chunks += 1
        middle = len(data) // 2
        return data[:middle] + data[middle + SKIPPED :] if self._chunks % SKIP_EVERY == 0 else data


def _abort(writer: asyncio.StreamWriter) -> None:
    """Without a goodbye: the other side sees a reset."""
    with contextlib.suppress(OSError, RuntimeError):
        writer.transport.abort()
