"""Live updates as Server-Sent Events: the whole truth at once, after each change again, and a beat in between.

A beat carries business time; the page answers it (`/agent/screens/{id}/heard`), which makes it a live screen.
"""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from aiohttp import web

from hotline.web.desk import User
from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.problems import log_failure
from hotline.web.reading import screen_id
from hotline.web.sessions import LEADS, door_of, may_enter
from hotline.web.streams import Stream

BEAT_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How soon a vanished browser is noticed."""
WRITE_SECONDS = 10.0
"""A browser that takes nothing for so long is gone."""
SESSION_SECONDS = 60.0
"""How often a running stream asks whether its session still holds, and whether its user may still see the page."""


class Source(Protocol):
    """What a page is told of: always the whole truth, whose `seq` grows with each change."""

    def now(self) -> str: ...

    async def snapshot(self) -> Mapping[str, Any]: ...

    async def changed(self, seen: int) -> None: ...


class _Seat:
    """One agent's snapshots; for a lead with a seat they tell of the colleagues' silent alarms, too."""

    def __init__(self, here: Site, user: User) -> None:
        self._desk, self._agent = here.desk, user.name
        self._alarms = here.services.alarms if user.role in LEADS else None

    def now(self) -> str:
        return str(self._desk.snapshot(self._agent)["now"])

    async def snapshot(self) -> Mapping[str, Any]:
        told = self._desk.snapshot(self._agent)
        return told if self._alarms is None else {**told, "alarms": self._alarms.alarms_for(self._agent)}

    async def changed(self, seen: int) -> None:
        await self._desk.changed(self._agent, seen)


async def events(request: web.Request) -> web.StreamResponse:
    """GET /agent/events?screen=<random id of the tab>"""
    return await tell(request, _Seat(site(request), request[USER]), seated=True)


async def tell(request: web.Request, source: Source, *, seated: bool) -> web.StreamResponse:
    """Serve this tab live; with `seated` it counts as a screen of the agent."""
    user, screen = request[USER], screen_id(request)
    alarms = user.role in LEADS
    with site(request).streams.serve(user.name, screen, request[TOKEN], seated=seated, alarms=alarms) as stream:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        try:
            await response.prepare(request)
            await _Telling(request, response, stream, source).run()
        except (ConnectionError, TimeoutError):
            pass  # the browser left, or takes nothing any more
        except Exception as error:  # the headers are out: no other answer can follow; the page connects again
            log_failure(request, error)
            response.force_close()
    return response


class _Telling:
    """Tells one tab until it leaves, its session ends, or the service stops."""

    def __init__(self, request: web.Request, response: web.StreamResponse, stream: Stream, source: Source) -> None:
        self._request, self._response, self._stream, self._source = request, response, stream, source
        self._site: Site = site(request)
        self._seen = -1
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._beat_at = self._now() + BEAT_SECONDS
        self._session_at = self._now() + SESSION_SECONDS

    async def run(self) -> None:
        ended = asyncio.ensure_future(self._stream.ended.wait())
        changed: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        changed.set_result(None)
        try:
            while not ended.done() and not self._gone():
                if changed.done():
                    changed.result()
                    await self._tell_state()
                    changed = asyncio.ensure_future(self._source.changed(self._seen))
                await asyncio.wait({ended, changed}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                await self._beat()
        finally:
            ended.cancel()
            changed.cancel()
        await self._farewell()

    def _gone(self) -> bool:
        transport = self._request.transport
        return transport is None or transport.is_closing()

    async def _tell_state(self) -> None:
        snapshot = await self._source.snapshot()
        if snapshot["seq"] == self._seen:
            return
        self._seen = snapshot["seq"]
        text = json.dumps(snapshot, ensure_ascii=False, separators=(",", ":"))
        await self._write(f"id: {self._seen}\nevent: state\ndata: {text}\n\n")

    async def _beat(self) -> None:
        self._site.streams.look(self._stream)
        if self._now() >= self._beat_at:
            self._beat_at = self._now() + BEAT_SECONDS
            await self._write(f"event: beat\ndata: {self._source.now()}\n\n")
        if self._now() >= self._session_at:
            self._session_at = self._now() + SESSION_SECONDS
            await self._look_at_user()

    async def _look_at_user(self) -> None:
        """With another role the page connects again: what it is told depends on the role."""
        user = await self._site.accounts.user_of(self._stream.token, self._site.clock.real_now())
        known, door = self._request[USER], door_of(self._request.path)
        if user is None or user.name != known.name or not may_enter(door, user, self._site):
            self._stream.end("logout")
        elif user.role != known.role:
            self._stream.end("")

    async def _farewell(self) -> None:
        if self._stream.why and not self._gone():
            await self._write(f"event: {self._stream.why}\ndata: {{}}\n\n")
            with suppress(ConnectionError, RuntimeError):
                await _bounded(self._response.write_eof())

    async def _write(self, text: str) -> None:
        await _bounded(self._response.write(text.encode("utf-8")))


async def _bounded(work: Awaitable[None]) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await work
