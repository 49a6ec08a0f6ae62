"""Telephones that have vanished: behind a gateway, and without a sound for as long as that gateway allows.

Asterisk could end such calls itself (`rtp_timeout`), but it measures by the system's clock, and a step of that clock
would end every call (docs/decisions/0014-time-runs-on-steadily.md). Agents' legs are its task all the same: it is not
the caller who is lost with them, and they break off while the service is away too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

LOOK_SECONDS = 1.0
LOOKS = 3
"""How often a party is looked at within the time allowed."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody behind a gateway from whose telephone sound has to come now."""

    unique: str
    """Asterisk's unique id of the channel."""
    channel: str
    allowed: float
    """Seconds without sound after which the telephone counts as gone."""
    call_id: str


@dataclass(slots=True)
class _Heard:
    """How many packets of sound had come, since when there have not been more, and when that was asked last."""

    packets: int
    since: float
    asked: float


class Silence:
    """Whoever is not among the `parties` for a while, as while holding us, has the full time again afterwards.

    `packets` asks Asterisk how many have come on a channel, None when that cannot be had; `hang_up` ends one.
    `now` is a steady clock, seconds.
    """

    def __init__(
        self,
        parties: Callable[[], Iterable[Party]],
        packets: Callable[[str], Awaitable[int | None]],
        hang_up: Callable[[str], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        self._parties = parties
        self._packets = packets
        self._hang_up = hang_up
        self._now = now
        self._heard: dict[str, _Heard] = {}

    async def run(self) -> None:
        """Look for ever; only cancelling ends it."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Ask for every party whose turn it is, one after the other."""
        there = list(self._parties())
        self._heard = {party.unique: self._heard[party.unique] for party in there if party.unique in self._heard}
        for party in there:
            if self._is_due(party):
                await self._ask(party)

    def _is_due(self, party: Party) -> bool:
        heard = self._heard.get(party.unique)
        return heard is None or self._now() - heard.asked >= party.allowed / LOOKS

    async def _ask(self, party: Party) -> None:
        packets = await self._packets(party.channel)
        now, heard = self._now(), self._heard.get(party.unique)
        if packets is None:
            self._heard.pop(party.unique, None)
        elif heard is None or packets != heard.packets:
            self._heard[party.unique] = _Heard(packets, now, now)
        else:
            heard.asked = now
            if now - heard.since >= party.allowed:
                log.info("nothing is heard from a telephone any more, it is hung up", call=party.call_id)
                await self._hang_up(party.channel)
