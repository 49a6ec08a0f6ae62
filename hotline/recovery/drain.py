"""The service's end by and by: no new calls, and over when the last one is.

Asterisk counts, since it also holds callers whom the service does not know (in the fallback), and talks without it.
What is not written up yet is stored and waits for the next start.
"""

import asyncio
from collections.abc import Callable, Sized

import structlog

from hotline.errors import AmiError
from hotline.parent.heartbeat import CALLS, DRAINED, Tell
from hotline.recovery.alive import Alive, Manager
from hotline.recovery.channels import Channels, read_channels

log = structlog.get_logger()

LOOK_SECONDS = 0.5
LAST_ENTRIES_SECONDS = 5.0
"""So long the last calls may take to be entered as ended, when Asterisk no longer has them."""


class Drain:
    """`asked` is set when the service shall end; `known` gives the calls the service still takes for alive."""

    def __init__(self, asked: asyncio.Event, alive: Alive, ami: Manager, known: Callable[[], Sized]) -> None:
        self._asked, self._alive, self._ami, self._known = asked, alive, ami, known

    async def run(self, tell: Tell) -> None:
        """Wait until asked; return when the last call is over. The parent is told how far it is."""
        await self._asked.wait()
        log.info("no new calls are accepted, the service ends after the last one")
        await self._until_nobody_is_left(tell)
        await self._until_entered()
        log.info("the last call is over")
        tell(DRAINED)

    async def _until_nobody_is_left(self, tell: Tell) -> None:
        told: int | None = None
        while (channels := await self._channels()) is None or channels:
            calls = 0 if channels is None else _answered(channels)
            if calls and calls != told:
                tell(f"{CALLS} {calls}")
                told = calls
            await asyncio.sleep(LOOK_SECONDS)
        tell(f"{CALLS} 0")

    async def _channels(self) -> Channels | None:
        """Who is with Asterisk; None while it cannot be asked, or has not heard that it is to refuse new calls."""
        try:
            await self._alive.tell()
            return await read_channels(self._ami)
        except AmiError:
            return None

    async def _until_entered(self) -> None:
        try:
            async with asyncio.timeout(LAST_ENTRIES_SECONDS):
                while self._known():  # noqa: ASYNC110 - ends come from several sides
                    await asyncio.sleep(LOOK_SECONDS / 10)
        except TimeoutError:
            log.warning("calls without an end when the service ends", calls=len(self._known()))


def _answered(channels: Channels) -> int:
    """How many calls go on. Channels that belong together are one, whoever takes part in it; one without an answer
    may be just being refused.
    """
    return len({one.get("Linkedid") for one in channels.values() if one.get("ChannelStateDesc") == "Up"})
