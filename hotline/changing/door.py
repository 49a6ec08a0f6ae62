"""How `hotline config` changes the configuration of the running service: a socket in its state directory.

Only the owner can connect. One line of JSON in (`{"do", "author", "reason", "text" | "version" | "revision"}`),
lines of JSON out: `{"step", "done", "of"}` as it goes on, at last `{"activated": …}` or
`{"refused": sentence, "difference": text}`.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from agents.forms import FormError
from config.loading import MAX_BYTES
from hotline.changing.model import Activated, Progress, Step
from hotline.errors import HotlineError, Outdated, SetupError
from hotline.logs import log_failure
from hotline.parent.control import private_socket
from hotline.state import StateDirectory

ACTIVATE, ACTIVATE_DRAFT, ROLL_BACK = "activate", "activate_draft", "roll_back"
LINE_LIMIT = 8 * MAX_BYTES
"""JSON writes a character as up to six."""
ASK_SECONDS = 10.0
CLOSE_SECONDS = 1.0


def socket_of(state: StateDirectory) -> Path:
    return state.path / "config.socket"


class Changing(Protocol):
    """What is asked of hotline/changing/changes.py."""

    async def activate(self, author: str, reason: str, revision: int, progress: Progress) -> Activated: ...

    async def activate_text(self, author: str, reason: str, text: str, progress: Progress) -> Activated: ...

    async def roll_back(self, author: str, number: int, reason: str, progress: Progress) -> Activated: ...


class Door:
    def __init__(self, path: Path, changing: Changing) -> None:
        self._path, self._changing = path, changing
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Listen; SetupError when that is impossible."""
        try:
            listening = private_socket(self._path)
            self._server = await asyncio.start_unix_server(self._accept, sock=listening, limit=LINE_LIMIT)
        except OSError as error:
            raise SetupError(
                f"{self._path} cannot be made ({error.strerror or error}): choose a shorter --state on a local disk."
            ) from None

    async def close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in list(self._serving):
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving, timeout=CLOSE_SECONDS)
        self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="configuration")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                asked = json.loads(await reader.readline())
            _say(writer, await self._answer(asked, writer))
            await writer.drain()
        except (OSError, TimeoutError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Any, writer: asyncio.StreamWriter) -> dict[str, Any]:
        def progress(step: Step, done: int, of: int) -> None:
            _say(writer, {"step": step.value, "done": done, "of": of})

        try:
            return {"activated": asdict(await self._do(asked, progress))}
        except Outdated as error:
            return {"refused": str(error), "difference": error.difference}
        except FormError as error:
            return {"refused": " ".join(error.findings.values())}
        except HotlineError as error:
            return {"refused": str(error)}
        except (KeyError, TypeError):
            return {"refused": "Die Anfrage ist nicht verständlich."}
        except Exception as error:
            log_failure("a change from the command line failed", "", error)
            return {"refused": f"Ein unerwarteter Fehler ({type(error).__name__}); das Log der Hotline sagt mehr."}

    async def _do(self, asked: Mapping[str, Any], progress: Progress) -> Activated:
        author, reason = str(asked["author"])[:40], str(asked["reason"])
        if asked["do"] == ACTIVATE:
            return await self._changing.activate_text(author, reason, str(asked["text"]), progress)
        if asked["do"] == ACTIVATE_DRAFT:
            return await self._changing.activate(author, reason, int(asked["revision"]), progress)
        if asked["do"] == ROLL_BACK:
            return await self._changing.roll_back(author, int(asked["version"]), reason, progress)
        raise KeyError(asked["do"])


async def ask(path: Path, asked: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
    """What the running service answers, one thing after the other. OSError when none runs there."""
    reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
    try:
        writer.write(f"{json.dumps(asked)}\n".encode())
        async for line in reader:
            yield json.loads(line)
    finally:
        writer.close()


def _say(writer: asyncio.StreamWriter, what: Mapping[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(f"{json.dumps(what)}\n".encode())
