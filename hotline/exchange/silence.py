"""Callers who have vanished: from whose telephone no sound has come for as long as their gateway allows.

Asterisk could end such calls itself (`rtp_timeout`), but it measures by the system's clock, and a step of that clock
would end every call (docs/decisions/0014-time-runs-on-steadily.md). Agents' legs are its task all the same: it is not
the caller who is lost with them, and they break off while the service is away too.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from hotline.exchange.calls import Call, Calls

log = structlog.get_logger()

LOOK_SECONDS = 1.0
UNKNOWN_GATEWAY_SECONDS = 10.0
LOOKS = 3
"""How often a caller is looked at within the time allowed."""


@dataclass(slots=True)
class _Heard:
    """How many packets of sound had come, since when there have not been more, and when that was asked last."""

    packets: int
    since: float
    asked: float


class Silence:
    """`packets` asks Asterisk how many have come on a channel, None when that cannot be had; `hang_up` ends one.

    `now` is a steady clock, seconds.
    """

    def __init__(
        self,
        calls: Calls,
        packets: Callable[[str], Awaitable[int | None]],
        hang_up: Callable[[str], Awaitable[None]],
        now: Callable[[], float],
    ) -> None:
        self._calls = calls
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
        """Ask for every caller whose turn it is, one after the other."""
        there = list(self._calls)
        self._heard = {call.id: self._heard[call.id] for call in there if call.id in self._heard}
        for call in there:
            if not call.over.is_set() and self._is_due(call):
                await self._ask(call)

    def _is_due(self, call: Call) -> bool:
        heard = self._heard.get(call.id)
        return heard is None or self._now() - heard.asked >= _allowed(call) / LOOKS

    async def _ask(self, call: Call) -> None:
        packets = None if call.on_hold else await self._packets(call.channel)
        now, heard = self._now(), self._heard.get(call.id)
        if packets is None:
            self._heard.pop(call.id, None)
        elif heard is None or packets != heard.packets:
            self._heard[call.id] = _Heard(packets, now, now)
        else:
            heard.asked = now
            if now - heard.since >= _allowed(call):
                log.info("nothing is heard from a caller any more, the call is ended", call=call.id)
                await self._hang_up(call.channel)


def _allowed(call: Call) -> float:
    """Seconds without sound after which this caller counts as gone."""
    allowed = {gateway.name: float(gateway.silence_seconds) for gateway in call.config.gateways}
    return allowed.get(call.gateway, UNKNOWN_GATEWAY_SECONDS)
