"""Live updates as Server-Sent Events: the whole truth at once, after each change again, and a beat in between."""

import asyncio
import json
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from hotline.web.keys import TOKEN, USER, Site, site
from hotline.web.problems import log_failure
from hotline.web.reading import screen_id
from hotline.web.streams import Stream

BEAT_SECONDS = 5.0
LOOK_SECONDS = 1.0
"""How soon a vanished browser is noticed."""
WRITE_SECONDS = 10.0
"""A browser that takes nothing for so long is gone."""
SESSION_SECONDS = 60.0
"""How often a running stream asks whether its session still holds."""


async def events(request: web.Request) -> web.StreamResponse:
    """GET /agent/events?screen=<random id of the tab>"""
    agent, screen = request[USER].name, screen_id(request)
    with site(request).streams.serve(agent, screen, request[TOKEN]) as stream:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        try:
            await response.prepare(request)
            await _Telling(request, response, stream).run()
        except (ConnectionError, TimeoutError):
            pass  # the browser left, or takes nothing any more
        except Exception as error:  # the headers are out: no other answer can follow; the page connects again
            log_failure(request, error)
            response.force_close()
    return response


class _Telling:
    """Tells one tab until it leaves, its session ends, or the service stops."""

    def __init__(self, request: web.Request, response: web.StreamResponse, stream: Stream) -> None:
        self._request, self._response, self._stream = request, response, stream
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
                    changed = asyncio.ensure_future(self._site.desk.changed(self._stream.agent, self._seen))
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
        snapshot = self._site.desk.snapshot(self._stream.agent)
        if snapshot["seq"] == self._seen:
            return
        self._seen = snapshot["seq"]
        text = json.dumps(snapshot, ensure_ascii=False, separators=(",", ":"))
        await self._write(f"id: {self._seen}\nevent: state\ndata: {text}\n\n")

    async def _beat(self) -> None:
        if self._now() >= self._beat_at:
            self._beat_at = self._now() + BEAT_SECONDS
            await self._write(f"event: beat\ndata: {datetime.now(UTC).isoformat()}\n\n")
        if self._now() >= self._session_at:
            self._session_at = self._now() + SESSION_SECONDS
            user = await self._site.accounts.user_of(self._stream.token, self._site.clock.real_now())
            if user is None or user.name != self._stream.agent:
                self._stream.end("logout")

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
