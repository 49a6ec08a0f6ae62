"""How drafts reach the database: the newest of each call and agent, nobody waits long, and nothing piles up."""

import asyncio
from dataclasses import dataclass
from typing import Any

from hotline.exchange.journal import Journal
from hotline.storage.drafts import Draft, Drafts

Key = tuple[str, str]
"""Call id and agent."""


@dataclass(eq=False)
class _Waiting:
    draft: Draft
    done: asyncio.Future[Any]


class Drafting:
    """At most one entry of the journal waits for each call and agent; a newer draft takes the older one's place."""

    def __init__(self, drafts: Drafts, journal: Journal) -> None:
        self._drafts = drafts
        self._journal = journal
        self._waiting: dict[Key, _Waiting] = {}

    async def save(self, call_id: str, agent: str, draft: Draft) -> bool:
        """Whether it is stored, after a second at most; otherwise it will be as soon as the database answers."""
        key = (call_id, agent)
        waiting = self._waiting.get(key)
        if waiting is None or waiting.done.done():
            done = self._journal.begin(lambda: self._write(key))
            waiting = self._waiting[key] = _Waiting(draft, done)
        waiting.draft = draft
        return await self._journal.begun(waiting.done)

    async def _write(self, key: Key) -> None:
        """Tried again by the journal when the database does not answer; then with the newest words."""
        waiting = self._waiting.get(key)
        if waiting is None:  # dropped meanwhile
            return
        draft = waiting.draft
        await self._drafts.save(*key, draft)
        if waiting.draft is draft:
            del self._waiting[key]
        else:  # typed on while it was written
            waiting.done = self._journal.begin(lambda: self._write(key))

    async def drop(self, call_id: str) -> None:
        """For the journal: nothing of the call is drafted any more, also not what waits behind this to be written."""
        await self._drafts.drop(call_id)
        for key in [key for key in self._waiting if key[0] == call_id]:
            del self._waiting[key]

    async def of(self, call_id: str, agent: str) -> Draft | None:
        """The newest draft, stored or not."""
        waiting = self._waiting.get((call_id, agent))
        return waiting.draft if waiting is not None else await self._drafts.of(call_id, agent)
