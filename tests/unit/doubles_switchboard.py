"""Doubles around the switchboard: a ledger and controls that only remember. Their real counterparts are
tested in tests/unit/test_storage_*.py and tests/system."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.presence import Intent
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.exchange.book import Book
from hotline.exchange.calls import Call, Leg
from hotline.exchange.journal import Journal
from hotline.exchange.seats import Seats
from hotline.exchange.switchboard import Switchboard
from hotline.storage.familiar import Familiar
from hotline.storage.views import Earlier

MONDAY_NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)


class StillClock(Clock):
    """Business time that stands until it is moved."""

    moment = MONDAY_NINE

    def now(self) -> datetime:
        return type(self).moment


class RememberingLedger:
    """Every call of a ledger method, in order."""

    def __init__(self) -> None:
        self.written: list[tuple[str, tuple[Any, ...]]] = []
        self.known: list[Familiar] = []
        """Who knows every caller."""
        self.asked_who = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def write(*args: Any, **_codes: Any) -> Any:
            if name == "familiar":
                self.asked_who += 1
                return list(self.known)
            self.written.append((name, args))
            return Earlier(2, 1) if name == "earlier" else None

        return write

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.written]


class RememberingControls:
    def __init__(self) -> None:
        self.hung_up: list[str] = []
        self.mirrored: list[tuple[str, bool]] = []

    async def hang_up(self, channel: str) -> None:
        self.hung_up.append(channel)

    async def mirror(self, agent: str, ready: bool) -> None:
        self.mirrored.append((agent, ready))


class Office:
    """A switchboard with the five agents of the shipped configuration, and callers by name."""

    def __init__(self, config: HotlineConfig) -> None:
        self.config = config
        self.ledger, self.controls, self.journal = RememberingLedger(), RememberingControls(), Journal()
        self.clock = StillClock()
        StillClock.moment = MONDAY_NINE
        seats = Seats(config.agents, self.clock.now())
        book = Book(self.journal, self.ledger)  # type: ignore[arg-type]
        self.switchboard = Switchboard(seats, book, self.clock, self.controls)
        self.journal.start()

    def pass_time(self, seconds: float) -> None:
        StillClock.moment += timedelta(seconds=seconds)

    def ready(self, *names: str) -> None:
        for name in names:
            seat = self.switchboard.seats[name]
            self.switchboard.staff.phone(seat, registered=True, engaged=False)
            self.switchboard.staff.screens(seat, {"tab"})
            self.switchboard.staff.wanting(seat, Intent.READY, None)
            self.pass_time(1)

    async def call(self, name: str, request_type: str = "rent") -> Call:
        call = Call(name, f"PJSIP/{name}", name, self.config, 1, self.clock.now(), "+495721777", "haus")
        await self.switchboard.arrived(call)
        self.switchboard.join(call, request_type)
        self.pass_time(1)
        return call

    def rings(self, call: Call, leg: str = "leg-1") -> None:
        """Asterisk rings the agent."""
        self.switchboard.dialling(call, Leg(f"PJSIP/agent-{call.agent}-{leg}", leg))

    async def settle(self) -> None:
        """Let everything run that was begun: the journal is empty and tasks had their turns."""
        for _ in range(5):
            await asyncio.sleep(0)
        await self.journal.now(_nothing)
        for _ in range(5):
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.switchboard.close()
        await self.journal.close()


async def _nothing() -> None:
    return None
