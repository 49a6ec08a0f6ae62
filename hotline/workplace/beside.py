"""What stands beside the telephone on an agent's page: the threat button, notes of knowledge, the trial ring."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotline.exchange.seats import Seat
from hotline.workplace.alarms import Alarms
from hotline.workplace.knowledge import Knowledge
from hotline.workplace.ring_check import RingCheck


class Beside:
    """Implements hotline.web.services.Alarms."""

    def __init__(self, alarms: Alarms, knowledge: Knowledge, ring_check: RingCheck) -> None:
        self._alarms = alarms
        self._knowledge = knowledge
        self._ring_check = ring_check

    async def load(self) -> None:
        """As it was before the start."""
        await self._alarms.load()
        await self._knowledge.load()

    def view(self, seat: Seat, now: datetime) -> Mapping[str, Any]:
        """Parts of the agent's snapshot: `threat`, `knowledge`, `test_ring`."""
        return {
            **self._alarms.view(seat, now),
            **self._knowledge.view(seat, now),
            **self._ring_check.view(seat, now),
        }

    async def threaten(self, agent: str, call_id: str) -> None:
        await self._alarms.threaten(agent, call_id)

    def alarms_for(self, user: str) -> list[Mapping[str, Any]]:
        return self._alarms.alarms_for(user)

    def watched_by(self, users: frozenset[str]) -> None:
        self._alarms.watched_by(users)

    async def test_ring(self, agent: str) -> None:
        await self._ring_check.ring(agent)
