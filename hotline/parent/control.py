"""How other commands speak with the running hotline: a socket in its state directory, one word in, lines out.

Only the owner can connect. `drain` is answered by one sentence at each change, and by DONE when all is over; a
connection that ends without it means that the hotline ended otherwise. `asterisk N`, followed by the N bytes of a
configuration, is the service's word that this one is in use: Asterisk is brought up to date, and one line of JSON tells
how that went.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from config.loading import MAX_BYTES
from hotline.errors import SetupError
from hotline.parent.asterisk_has import Has
from hotline.parent.asterisk_side import BRING_SECONDS, Told
from hotline.state import StateDirectory

DRAIN, DONE, ASTERISK = "drain", "DONE", "asterisk"
WORD_SECONDS = 5.0
CLOSE_SECONDS = 1.0
ASTERISK_SECONDS = 2 * BRING_SECONDS + 15.0
"""The parent may just be trying again what was not taken before; then it writes, tells and asks."""


def socket_of(state: StateDirectory) -> Path:
    return state.path / "run.socket"


class Control:
    """The running hotline's end. `drain` is called for each wish to end by and by; its sentence is the first answer.

    `asterisk` is called with the text of the configuration in use.
    """

    def __init__(self, path: Path, drain: Callable[[], str], asterisk: Callable[[str], Awaitable[Told]]) -> None:
        self._path, self._drain, self._asterisk = path, drain, asterisk
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._listeners: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen; SetupError when that is impossible."""
        try:
            self._server = await asyncio.start_unix_server(self._accept, sock=private_socket(self._path))
        except OSError as error:
            raise SetupError(
                f"{self._path} cannot be made ({error.strerror or error}): choose a shorter --state on a local disk."
            ) from None

    def tell(self, sentence: str) -> None:
        """Say it to all who wait for the end."""
        for writer in self._listeners:
            writer.write(f"{sentence}\n".encode())

    async def close(self, *, done: bool) -> None:
        """No longer reachable; `done`: all ended as was wished."""
        if self._server is None:
            return
        self._server.close()
        if done:
            self.tell(DONE)
        for writer in self._connections.values():
            writer.close()
        if self._connections:
            await asyncio.wait(self._connections, timeout=CLOSE_SECONDS)
        self._path.unlink(missing_ok=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="control")
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(WORD_SECONDS):
                word, _, size = (await reader.readline()).strip().decode("ascii", "replace").partition(" ")
                text = await _text(reader, size) if word == ASTERISK else None
            if text is not None:
                writer.write(await self._told(text))
                await writer.drain()
            elif word == DRAIN and not size:
                writer.write(f"{self._drain()}\n".encode())
                self._listeners.add(writer)
                await reader.read(1)  # until the other side, or `close`, ends it
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            self._listeners.discard(writer)
            writer.close()

    async def _told(self, text: str) -> bytes:
        try:
            answer = asdict(await self._asterisk(text))
        except (OSError, SetupError) as error:
            answer = {"error": str(error)}
        return f"{json.dumps(answer)}\n".encode()


async def tell_asterisk(path: Path, text: str) -> Told:
    """Say that this configuration is in use; what Asterisk took over. SetupError when it did not, OSError: nobody."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        content = text.encode()
        writer.write(f"{ASTERISK} {len(content)}\n".encode() + content)
        async with asyncio.timeout(ASTERISK_SECONDS):
            answer = json.loads(await reader.readline() or "{}")
    except ValueError:
        answer = {}
    finally:
        writer.close()
    if "reloaded" not in answer:
        raise SetupError(str(answer.get("error", "the parent process did not answer")))
    return Told(tuple(answer["reloaded"]), tuple(answer["failed"]), Has.read(answer["has"]))


async def _text(reader: asyncio.StreamReader, size: str) -> str:
    """ValueError for what is no configuration."""
    if not size.isdecimal() or int(size) > MAX_BYTES:
        raise ValueError("no size of a configuration")
    return (await reader.readexactly(int(size))).decode()


async def drain(path: Path) -> AsyncGenerator[str, None]:
    """Ask the hotline of that socket to end by and by: its sentences, at last DONE. OSError when none runs there."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(f"{DRAIN}\n".encode())
        with contextlib.suppress(ConnectionError):
            async for line in reader:
                yield line.decode("utf-8", "replace").rstrip("\n")
    finally:
        writer.close()


def private_socket(path: Path) -> socket.socket:
    """Bound there, for the owner only; OSError."""
    path.unlink(missing_ok=True)  # of a run that was killed; ours is the only one, see run.lock
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(before)
    return listening
