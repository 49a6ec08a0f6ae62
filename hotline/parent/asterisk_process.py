"""One Asterisk of our own: starts it in the foreground, again when it has ended, knows when it is ready, stops it."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from config.schema import Endpoint
from hotline.errors import SetupError
from hotline.parent.asterisk_log import relay
from hotline.parent.processes import Child

READY_PATIENCE = 60.0
STOP_PATIENCE = 5.0
_RETRY = 0.02
_ANSWER_PATIENCE = 5.0


class AsteriskProcess:
    """The Asterisk that `script` runs (see hotline/setup/asterisk_files.py)."""

    def __init__(self, script: Path, ami: Endpoint, user: str, secret: str, show: Callable[[str], None]) -> None:
        self._ami, self._user, self._secret = ami, user, secret
        self._script, self._show = script, show
        self._child = self._fresh()

    def _fresh(self) -> Child:
        return Child("asterisk", [self._script, "-f"], relay(self._show))

    @property
    def pid(self) -> int:
        return self._child.pid

    async def start(self) -> None:
        """Return when AMI has accepted our login and Asterisk is fully booted. SetupError otherwise: then none runs."""
        if self._child.pid:
            self._child = self._fresh()
        try:
            await self._child.start()
        except OSError as error:
            raise SetupError(f"Asterisk cannot be started ({error.strerror}): run `make setup`.") from None
        try:
            await self._boot()
        except SetupError:
            self._child.kill()
            raise

    async def _boot(self) -> None:
        ready = asyncio.create_task(self._ready())
        ended = asyncio.create_task(self._child.wait())
        try:
            await asyncio.wait({ready, ended}, timeout=READY_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not ready.done():
                raise SetupError(f"Asterisk ended while it started ({ended.result()}): its last lines above say why.")
            if not ready.done():
                raise SetupError(f"Asterisk was not ready within {READY_PATIENCE:g} seconds: see its lines above.")
            await ready
        finally:
            for task in (ready, ended):
                task.cancel()
            await asyncio.gather(ready, ended, return_exceptions=True)

    async def wait(self) -> int:
        """Until it has ended; its return code."""
        return await self._child.wait()

    async def stop(self) -> None:
        """End it: calls in progress are hung up properly."""
        await self._child.stop(STOP_PATIENCE)

    def kill(self) -> None:
        self._child.kill()

    async def _ready(self) -> None:
        while not await self._booted():  # noqa: ASYNC110 - another process gives no event to wait for
            await asyncio.sleep(_RETRY)

    async def _booted(self) -> bool:
        """One login by hand: the real client is the service's, and this must not depend on it."""
        try:
            reader, writer = await asyncio.open_connection(self._ami.host, self._ami.port)
        except OSError:
            return False
        try:
            words = f"Action: Login\r\nUsername: {self._user}\r\nSecret: {self._secret}\r\n\r\n"
            writer.write(words.encode())
            async with asyncio.timeout(_ANSWER_PATIENCE):
                return await self._says_booted(reader)
        except (OSError, TimeoutError, asyncio.LimitOverrunError):
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _says_booted(self, reader: asyncio.StreamReader) -> bool:
        async for line in reader:
            if line.startswith(b"Response: Error"):
                raise SetupError(
                    f"Asterisk on {self._ami.host}:{self._ami.port} refuses our AMI login: "
                    "another Asterisk listens there; change network.ami.port."
                )
            if line.strip() == b"Event: FullyBooted":
                return True
        return False
