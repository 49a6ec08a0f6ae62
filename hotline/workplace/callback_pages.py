"""Callbacks, search and the own day, as the agent's page asks for them."""

from collections.abc import Mapping
from typing import Any

from hotline.workplace.callbacks import CallbackCalls
from hotline.workplace.day import MyDay
from hotline.workplace.search import Search


class CallbackPages:
    """Implements hotline.web.services.Callbacks."""

    def __init__(self, calls: CallbackCalls, search: Search, day: MyDay) -> None:
        self._calls = calls
        self._search = search
        self._day = day

    async def ring_callback(self, agent: str, callback_id: str) -> None:
        await self._calls.ring(agent, callback_id)

    async def hang_up_callback(self, agent: str, callback_id: str) -> None:
        self._calls.hang_up(agent, callback_id)

    async def refuse_callback(self, agent: str, callback_id: str) -> None:
        self._calls.refuse(agent, callback_id)

    async def search(self, agent: str, text: str) -> Mapping[str, Any]:
        return await self._search.search(agent, text)

    async def open_hit(self, agent: str, kind: str, hit_id: str) -> Mapping[str, Any]:
        return await self._search.open(agent, kind, hit_id)

    async def day(self, agent: str) -> Mapping[str, Any]:
        return await self._day.day(agent)

    async def callback_for(self, agent: str, call_id: str) -> None:
        await self._day.request(agent, call_id)
