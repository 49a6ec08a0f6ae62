"""Which tabs are served live: told to the desk once per tab, few per agent, all ended when the service stops.

Browsers keep at most six connections to one address, so each live tab takes one away from the others: beyond
`TABS_PER_AGENT` the oldest is asked to rest.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from hotline.web.desk import Desk

TABS_PER_AGENT = 4


@dataclass(eq=False)
class Stream:
    """One connection to one tab."""

    agent: str
    screen: str
    token: str
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    """What the page is told at the end: `stop`, `logout`, `replaced`, or nothing."""

    def end(self, why: str) -> None:
        self.why = self.why or why
        self.ended.set()


class Streams:
    """All open streams."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: list[Stream] = []
        self._stopped = False

    @contextmanager
    def serve(self, agent: str, screen: str, token: str) -> Iterator[Stream]:
        """One stream for as long as the block runs; an earlier one of the same tab ends."""
        stream = Stream(agent, screen, token)
        if self._stopped:
            stream.end("stop")
        self._make_room(stream)
        known = self._has(stream)
        self._open.append(stream)
        if not known:
            self._desk.screen_opened(agent, screen)
        try:
            yield stream
        finally:
            self._open.remove(stream)
            if not self._has(stream):
                self._desk.screen_closed(agent, screen)

    def _has(self, stream: Stream) -> bool:
        return any(other.agent == stream.agent and other.screen == stream.screen for other in self._open)

    def _make_room(self, new: Stream) -> None:
        mine = [other for other in self._open if other.agent == new.agent and not other.ended.is_set()]
        for other in mine:
            if other.screen == new.screen:
                other.end("")
        others = [other for other in mine if other.screen != new.screen]
        for other in others[: max(0, len(others) - TABS_PER_AGENT + 1)]:
            other.end("replaced")

    def log_out(self, token: str) -> None:
        """End the streams of one session."""
        for stream in self._open:
            if stream.token == token:
                stream.end("logout")

    def stop(self) -> None:
        """End all streams, now and from now on: an open one would hold up the shutdown."""
        self._stopped = True
        for stream in self._open:
            stream.end("stop")
