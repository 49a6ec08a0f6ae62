"""Takes callers who wait in Asterisk's own queue back into the line, once the service is there again.

A caller for whom a telephone rings, or who talks, is left where they are: a redirect would tear them from the agent.
So is one who is entering a number for a callback. Asterisk is asked again before every few callers, and twice a
second while anybody is left.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

import structlog

from dialplan import fallback
from hotline.clock import Clock
from hotline.errors import AmiError
from hotline.logs import log_failure
from hotline.recovery.channels import Channel, Channels, call_id_of, is_agents, made, read_channels

log = structlog.get_logger()

AGAIN_SECONDS = 0.5
"""While anybody is with the fallback, and for LIVELY_SECONDS after a hint: a caller may be on the way there."""
LIVELY_SECONDS = 10.0
IDLE_SECONDS = 5.0
"""While nobody is: in case Asterisk's word that somebody came was lost."""
AT_ONCE = 10
"""Callers who are redirected on the word of one look: within some 50 ms nobody picks up a telephone that rang."""
ON_THE_WAY_SECONDS = 2.0
"""Asterisk may still show a caller in the queue who was redirected just now."""
MOST_RETURNS, WITHIN_SECONDS = 3, 60.0
"""A caller who falls back more often has a call that fails with us: then the fallback's telephones serve better."""
GATHER_SECONDS = 0.5
"""Those who come back together wait for each other so long, so that the longest waiting is the first in line."""
_CONTEXTS = {fallback.CONTEXT, fallback.QUEUE_CONTEXT, fallback.CALLBACK_CONTEXT}


class Manager(Protocol):
    """What is asked of the AMI client."""

    @property
    def connected(self) -> bool: ...

    async def action(self, name: str, *, timeout: float = ..., **fields: str) -> list[dict[str, str]]: ...


class Redirector(Protocol):
    async def take_back(self, channel: str) -> bool: ...


class Returner:
    """`run` beside the AGI server. `on_talks` is told Asterisk's channels while talks of the fallback go on,
    `on_gone` that a caller has left the fallback; `waiting_since` knows since when a call of the ledger waits."""

    def __init__(
        self,
        ami: Manager,
        redirector: Redirector,
        on_talks: Callable[[Channels], Awaitable[None]],
        on_gone: Callable[[], None],
        waiting_since: Callable[[str], datetime | None],
        clock: Clock,
    ) -> None:
        self._ami = ami
        self._redirector = redirector
        self._on_talks = on_talks
        self._on_gone = on_gone
        self._waiting_since = waiting_since
        self._clock = clock
        self._wanted = asyncio.Event()
        self._lively_until = 0.0
        self._seen: set[str] = set()
        """Channels that were with the fallback."""
        self._returns: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_RETURNS))
        self.gate = Gate()

    def look_soon(self) -> None:
        """Somebody may be waiting with the fallback."""
        self._lively_until = asyncio.get_running_loop().time() + LIVELY_SECONDS
        self._wanted.set()

    async def run(self) -> None:
        """For ever, from the first hint on: before the first login is through nothing is known of talks and agents."""
        await self._wanted.wait()
        while True:
            try:
                anybody = self._ami.connected and await self.look()
            except AmiError as error:
                log.warning("callers of the fallback not looked for, next try follows", why=str(error))
                anybody = True
            except Exception as error:
                log_failure("taking callers back failed, next try follows", "", error)
                anybody = True
            await self._pause(anybody)

    async def _pause(self, anybody: bool) -> None:
        lively = anybody or asyncio.get_running_loop().time() < self._lively_until
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS if lively else IDLE_SECONDS):
                await self._wanted.wait()
        self._wanted.clear()

    async def look(self) -> bool:
        """Take back whoever can be taken back; whether anybody is left with the fallback."""
        while True:
            channels = await read_channels(self._ami)
            self._notice_gone(channels)
            found = self._to_take_back(channels)
            await self._take_back(found[:AT_ONCE])
            if any(_talks(channel, channels) for channel in callers(channels)):
                await self._on_talks(channels)
            if len(found) <= AT_ONCE:
                return any(True for _ in callers(channels))

    def _to_take_back(self, channels: Channels) -> list[Channel]:
        """The longest waiting first."""
        free = [one for one in callers(channels) if _waits(one) and not _rings(one, channels)]
        return sorted((one for one in free if self._may_return(one)), key=self._since)

    def _since(self, channel: Channel) -> tuple[datetime, int]:
        """Business time since when the caller waits, and the order of the channels."""
        came, counter = made(channel["Uniqueid"])
        return self._waiting_since(call_id_of(channel)) or came + self._clock.offset, counter

    def _may_return(self, channel: Channel) -> bool:
        last, now = self._returns[channel["Uniqueid"]], asyncio.get_running_loop().time()
        if last and now - last[-1] < ON_THE_WAY_SECONDS:
            return False
        return len(last) < MOST_RETURNS or now - last[0] > WITHIN_SECONDS

    async def _take_back(self, found: list[Channel]) -> None:
        """Sent in this order, answered together."""
        self.gate.expect(channel["Uniqueid"] for channel in found)
        await asyncio.gather(*(self._redirect(channel) for channel in found))

    async def _redirect(self, channel: Channel) -> None:
        unique = channel["Uniqueid"]
        self._returns[unique].append(asyncio.get_running_loop().time())
        if await self._redirector.take_back(channel["Channel"]):
            log.info("caller taken back from the fallback", call=call_id_of(channel))
        else:
            log.warning("caller not taken back from the fallback, next try follows", call=call_id_of(channel))
            self._returns[unique].pop()
            self.gate.forget(unique)

    def _notice_gone(self, channels: Channels) -> None:
        for unique in self._returns.keys() - channels.keys():
            del self._returns[unique]
        if self._seen - channels.keys():
            self._on_gone()
        self._seen = {channel["Uniqueid"] for channel in callers(channels)}


class Gate:
    """Lets callers who come back at the same time into the line in the order in which they joined it."""

    def __init__(self) -> None:
        self._coming: set[str] = set()
        self._here: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, uniques: Iterable[str]) -> None:
        """These channels are about to come."""
        self._coming.update(uniques)

    def forget(self, unique: str) -> None:
        """This one does not come after all."""
        self._coming.discard(unique)
        if not self._coming:
            self._open()

    async def pass_through(self, unique: str, joined_at: datetime) -> None:
        """Return when all who are expected are here, or after GATHER_SECONDS; the longest waiting first."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[None] = loop.create_future()
        self._here.append((joined_at, made(unique)[1], mine))
        if self._timer is None:
            self._timer = loop.call_later(GATHER_SECONDS, self._open)
        self.forget(unique)
        await mine

    def _open(self) -> None:
        """One after the other, and nobody at once: whoever came last waits for their turn too."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._coming.clear()
        here, self._here = sorted(self._here, key=lambda one: one[:2]), []
        for *_, waiting in here:
            asyncio.get_running_loop().call_soon(_wake, waiting)


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def callers(channels: Channels) -> Iterable[Channel]:
    """Callers who are with the fallback."""
    return (one for one in channels.values() if one.get("Context") in _CONTEXTS and not is_agents(one))


def _waits(channel: Channel) -> bool:
    """In the queue, or hearing music because nobody is there."""
    return channel.get("Context") == fallback.QUEUE_CONTEXT and not channel.get("BridgeId")


def _rings(caller: Channel, channels: Channels) -> bool:
    """Whether a telephone rings for the caller or was answered just now."""
    mine = caller.get("Linkedid")
    return any(one.get("Linkedid") == mine and is_agents(one) for one in channels.values())


def _talks(caller: Channel, channels: Channels) -> bool:
    return bool(caller.get("BridgeId")) and _rings(caller, channels)
