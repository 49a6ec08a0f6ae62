"""Which tabs are served live: told to the desk once per tab, few per agent, all ended when the service stops.

Browsers keep at most six connections to one address, so each live tab takes one away from the others: beyond
`TABS_PER_AGENT` the oldest is asked to rest.

A connection that is open says little: a frozen tab, or a computer that is gone, takes what it is sent for minutes.
So the page answers each beat (not by a timer, which browsers slow down in hidden tabs), and one that stops answering
does not count as a screen until it is heard again.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from hotline.web.desk import Desk

log = structlog.get_logger()

TABS_PER_AGENT = 4
SILENT_SECONDS = 12.0
"""More than two beats without an answer."""


@dataclass(eq=False)
class Stream:
    """One connection to one tab."""

    agent: str
    screen: str
    token: str
    seated: bool = True
    """A call can be seen on it; the lead's page is none of these."""
    alarms: bool = False
    """Silent alarms can be seen on it: the lead's page, and the agent's page of a lead with a seat."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    why: str = ""
    """What the page is told at the end: `stop`, `logout`, `sent_home`, `replaced`, or nothing."""
    heard_at: float | None = None
    """When the page last answered, in the event loop's time; one that never did is believed without."""
    silent: bool = False

    def end(self, why: str) -> None:
        self.why = self.why or why
        self.ended.set()


class Streams:
    """All open streams."""

    def __init__(self, desk: Desk, watched_by: Callable[[frozenset[str]], None] = lambda _: None) -> None:
        """`watched_by` is told who has a page open on which silent alarms can be seen, whenever that changes."""
        self._desk = desk
        self._watched_by = watched_by
        self._open: list[Stream] = []
        self._stopped = False

    @contextmanager
    def serve(
        self, agent: str, screen: str, token: str, *, seated: bool = True, alarms: bool = False
    ) -> Iterator[Stream]:
        """One stream for as long as the block runs; an earlier one of the same tab ends.

        Only a `seated` one is a screen on which calls can be seen; others are just told.
        """
        stream = Stream(agent, screen, token, seated, alarms)
        if self._stopped:
            stream.end("stop")
        self._make_room(stream)
        with self._telling(agent, screen):
            self._open.append(stream)
        try:
            yield stream
        finally:
            with self._telling(agent, screen):
                self._open.remove(stream)

    def heard(self, agent: str, screen: str) -> None:
        """The page has answered a beat."""
        now = asyncio.get_running_loop().time()
        with self._telling(agent, screen):
            for stream in self._of(agent, screen):
                stream.heard_at, stream.silent = now, False

    def look(self, stream: Stream) -> None:
        """Whether the page of this stream still answers; asked again and again while it is served."""
        if stream.heard_at is None or stream.silent:
            return
        if asyncio.get_running_loop().time() - stream.heard_at > SILENT_SECONDS:
            log.info("a page does not answer", agent=stream.agent)
            with self._telling(stream.agent, stream.screen):
                stream.silent = True

    @contextmanager
    def _telling(self, agent: str, screen: str) -> Iterator[None]:
        """The desk is told what the block has changed about this tab, and who watches for alarms now."""
        before, watchers = self._is_live(agent, screen), self._watchers()
        yield
        after = self._is_live(agent, screen)
        if self._watchers() != watchers:
            self._watched_by(self._watchers())
        if after and not before:
            self._desk.screen_opened(agent, screen)
        elif before and not after:
            self._desk.screen_closed(agent, screen)

    def _watchers(self) -> frozenset[str]:
        return frozenset(stream.agent for stream in self._open if stream.alarms and not stream.silent)

    def _is_live(self, agent: str, screen: str) -> bool:
        return any(stream.seated and not stream.silent for stream in self._of(agent, screen))

    def _of(self, agent: str, screen: str) -> list[Stream]:
        return [stream for stream in self._open if (stream.agent, stream.screen) == (agent, screen)]

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

    def log_out_everywhere(self, agent: str, why: str = "logout") -> None:
        """End the streams of all sessions of this agent; `why` is `sent_home` when the lead has done it."""
        for stream in self._open:
            if stream.agent == agent:
                stream.end(why)

    def stop(self) -> None:
        """End all streams, now and from now on: an open one would hold up the shutdown."""
        self._stopped = True
        for stream in self._open:
            stream.end("stop")
