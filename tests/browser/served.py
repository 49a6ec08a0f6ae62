"""The web application on a port of its own, in a thread of its own, so that a synchronous browser can drive it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from config.schema import Endpoint
from hotline.clock import Clock
from hotline.web.app import create_app, serve
from tests.unit.doubles_web import FakeAccounts, FakeDesk, example_config, fake_services

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
    *("--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required"),
    "--lang=de-DE",
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
CHROMIUM = "/usr/bin/chromium"
LIMIT = 10.0
START_LIMIT = 60.0
"""Seconds; whatever is needed is loaded at the first start."""


class Served:
    """A running site; `do` runs something in its event loop."""

    def __init__(self, trial: str | None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = 0
        self._runner: web.AppRunner | None = self._run(self._start(trial), START_LIMIT)

    async def _start(self, trial: str | None) -> web.AppRunner:
        config = example_config()
        self.desk, self.accounts = FakeDesk(config), FakeAccounts(config)
        self.services = fake_services(self.desk)
        app = create_app(self.desk, self.accounts, Clock(), lambda: config, self.services, trial=trial)
        runner = await serve(app, Endpoint.model_construct(host="127.0.0.1", port=self.port))
        self.port = runner.addresses[0][1]
        return runner

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, act: Callable[..., Any], *args: Any, **values: Any) -> Any:
        async def acting() -> Any:
            return act(*args, **values)

        return self._run(acting())

    def _run(self, work: Any, limit: float = LIMIT) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(limit)

    def stop_pages(self) -> None:
        """The service goes away; the desk keeps what it knows."""
        if self._runner is not None:
            self._run(self._runner.cleanup())
        self._runner = None

    def start_pages(self) -> None:
        """The service comes back on the same port."""
        self._runner = self._run(self._again())

    async def _again(self) -> web.AppRunner:
        app = create_app(self.desk, self.accounts, Clock(), lambda: self.desk.config, self.services, trial=None)
        return await serve(app, Endpoint(host="127.0.0.1", port=self.port))

    def close(self) -> None:
        self.stop_pages()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LIMIT)
        self._loop.close()


@contextmanager
def served(trial: str | None = None) -> Iterator[Served]:
    site = Served(trial)
    try:
        yield site
    finally:
        site.close()
