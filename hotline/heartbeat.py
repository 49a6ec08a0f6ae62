"""How the parent knows that the service lives: a line on a pipe each second, and what its absence means.

A service that hangs is worse than one that is dead: its callers hear music for ever, and nobody outside can take
them away before its sockets close (tried on a real Asterisk). So the parent kills one whose pulse stops.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator

READY_FD = "HOTLINE_READY_FD"
"""Environment variable with the descriptor the service writes to: READY first, then a beat each second."""
BEAT_SECONDS = 1.0
PULSE_PATIENCE = 5.0
"""Without a beat for so long the service hangs (design: failure direction)."""


@contextlib.contextmanager
def heartbeat() -> Iterator[None]:
    """Inside the block the service is ready and its event loop beats; without a parent nothing happens."""
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is None:
        yield
        return
    with os.fdopen(int(descriptor), "wb", buffering=0) as pipe:
        os.set_blocking(pipe.fileno(), False)
        pipe.write(b"READY\n")
        beating = asyncio.get_running_loop().create_task(_beat(pipe.fileno()), name="heartbeat")
        try:
            yield
        finally:
            beating.cancel()


async def _beat(descriptor: int) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        with contextlib.suppress(OSError):  # the parent is gone, or does not read: not our trouble
            os.write(descriptor, b".\n")


class Pulse:
    """The parent's end of the pipe."""

    def __init__(self, reader: asyncio.StreamReader, transport: asyncio.BaseTransport) -> None:
        self._reader = reader
        self._transport = transport

    @classmethod
    async def open(cls, descriptor: int) -> "Pulse":
        """Takes over `descriptor`."""
        reader = asyncio.StreamReader()
        pipe = os.fdopen(descriptor, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        return cls(reader, transport)

    async def first(self, patience: float) -> bool:
        """Whether READY comes before the service ends or the patience is over."""
        try:
            async with asyncio.timeout(patience):
                return (await self._reader.readline()).strip() == b"READY"
        except TimeoutError:
            return False

    async def stops(self) -> bool:
        """True when no beat has come for PULSE_PATIENCE seconds; False when the service has closed the pipe."""
        try:
            while True:
                async with asyncio.timeout(PULSE_PATIENCE):
                    if not await self._reader.readline():
                        return False
        except TimeoutError:
            return True
        finally:
            self.close()

    def close(self) -> None:
        self._transport.close()
