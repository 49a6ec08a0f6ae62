"""Tells Asterisk that the service serves its callers, so that its dialplan sends nobody to one that does not.

Two global variables: the time of the last sign of life, and whether new calls are refused because we drain. Both are
told every ALIVE_EVERY seconds, at once after each login (an Asterisk that was started again knows nothing), and the
time is taken back when the service stops on purpose: new callers then go to the fallback at once.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import structlog

from dialplan import variables
from hotline.errors import AmiError

log = structlog.get_logger()

SLOW_SECONDS = 0.4
"""Asterisk answers within milliseconds; what takes so long delays callers."""
LOOK_SECONDS = 0.1
"""How soon a login or the wish to drain is noticed."""
LAST_WORD_SECONDS = 1.0


class Manager(Protocol):
    """What is needed of the AMI client."""

    @property
    def connected(self) -> bool: ...

    async def action(self, name: str, *, timeout: float = ..., **fields: str) -> list[Any]: ...


class Alive:
    """`draining` is set while no new call is wanted; `now` is real time."""

    def __init__(self, ami: Manager, draining: asyncio.Event, now: Callable[[], datetime]) -> None:
        self._ami, self._draining, self._now = ami, draining, now

    async def run(self) -> None:
        """Until cancelled; while the AGI port is served."""
        try:
            while True:
                with contextlib.suppress(AmiError):  # the client has logged it, and tells it again after the login
                    await self.tell()
                await self._pause()
        finally:
            with contextlib.suppress(AmiError):
                await self._set(variables.ALIVE, "0", LAST_WORD_SECONDS)

    async def tell(self) -> None:
        """Say both now; AmiError when Asterisk has not heard it."""
        began = asyncio.get_running_loop().time()
        await self._set(variables.DRAIN, "1" if self._draining.is_set() else "0")
        await self._set(variables.ALIVE, str(int(self._now().timestamp())))
        took = asyncio.get_running_loop().time() - began
        if took > SLOW_SECONDS:
            log.warning("Asterisk answers slowly", seconds=round(took, 1))

    async def _set(self, name: str, value: str, timeout: float = variables.ALIVE_EVERY) -> None:
        await self._ami.action("Setvar", timeout=timeout, Variable=name, Value=value)

    async def _pause(self) -> None:
        """Until the next sign of life is due, or there is news for Asterisk."""
        loop, was_away, was_draining = asyncio.get_running_loop(), not self._ami.connected, self._draining.is_set()
        due = loop.time() + variables.ALIVE_EVERY
        while loop.time() < due:
            await asyncio.sleep(LOOK_SECONDS)
            if self._draining.is_set() != was_draining or (was_away and self._ami.connected):
                return
            was_away = was_away or not self._ami.connected
