"""What the service tells its parent: a beat each second on a pipe, and how its end by and by goes on.

A service that hangs is worse than one that is dead: its callers hear music for ever, and nobody outside can take
them away before its sockets close (tried on a real Asterisk). So the parent kills one whose pulse stops.

Lines of the pipe: `READY`, then `.` each second; while draining `CALLS n` at each change, at last `DRAINED`.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterator

READY_FD = "HOTLINE_READY_FD"
"""Environment variable with the descriptor the service writes to."""
BEAT_SECONDS = 1.0
PULSE_PATIENCE = 5.0
"""Without a beat for so long the service hangs (design: failure direction)."""
CALLS, DRAINED = "CALLS", "DRAINED"
_SLICE = 1.0

Tell = Callable[[str], None]


@contextlib.contextmanager
def heartbeat() -> Iterator[Tell]:
    """Inside the block the service is ready and its event loop beats; the function tells the parent one more line.

    Without a parent nothing happens.
    """
    descriptor = os.environ.pop(READY_FD, None)
    if descriptor is None:
        yield lambda _: None
        return
    with os.fdopen(int(descriptor), "wb", buffering=0) as pipe:
        os.set_blocking(pipe.fileno(), False)

        def tell(line: str) -> None:
            with contextlib.suppress(OSError):  # the parent is gone, or does not read: not our trouble
                os.write(pipe.fileno(), f"{line}\n".encode())

        tell("READY")
        beating = asyncio.get_running_loop().create_task(_beat(tell), name="heartbeat")
        try:
            yield tell
        finally:
            beating.cancel()


async def _beat(tell: Tell) -> None:
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        tell(".")


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
        return (await self._line(patience)) == "READY"

    async def stops(self, take: Tell) -> bool:
        """True when no beat has come for PULSE_PATIENCE seconds; False when the service has closed the pipe.

        `take` gets the lines that are no beats.
        """
        try:
            while line := await self._line(PULSE_PATIENCE):
                if line != ".":
                    take(line)
            return line is None
        finally:
            self.close()

    async def _line(self, patience: float) -> str | None:
        """The next line, "" at the end, None when none came in time.

        The time passes in slices: when this process itself was stopped for a while, that counts as one of them.
        """
        for _ in range(round(patience / _SLICE)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SLICE):
                    return (await self._reader.readline()).decode("ascii", "replace").strip()
        return None

    def close(self) -> None:
        self._transport.close()
