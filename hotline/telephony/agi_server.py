"""Who may be an AGI client and how long: accepts Asterisk's FastAGI connections and runs the handler for each.

A connection becomes a session when its environment is complete within HEADER_SECONDS. Whoever sends something else,
too much, too slowly or nothing is closed without touching anybody else; a handler's failure ends its own session.
"""

import asyncio
import socket
import traceback
from collections.abc import Awaitable, Callable

import structlog

from hotline.errors import AgiClosed, CallerGone, SetupError
from hotline.telephony.agi_protocol import AgiProtocol, Broken, Environment, Event
from hotline.telephony.agi_session import AgiSession

__all__ = ["AgiServer", "AgiSession"]

log = structlog.get_logger()

HEADER_SECONDS = 5.0
MAX_SESSIONS = 2000
CLOSE_SECONDS = 5.0
BACKLOG = 1024
ACCEPT_AGAIN_SECONDS = 0.5
"""Pause after a connection could not be accepted, as without free descriptors."""

Handler = Callable[[AgiSession], Awaitable[None]]


class AgiServer:
    """Listens on `host` and `port` (0: a free one, see `.port`); `start()` and `close()` are a pair."""

    def __init__(
        self,
        handler: Handler,
        host: str = "127.0.0.1",
        port: int = 4573,
        *,
        header_seconds: float = HEADER_SECONDS,
        max_sessions: int = MAX_SESSIONS,
    ) -> None:
        self._handler = handler
        self._host, self.port = host, port
        self.header_seconds = header_seconds
        self._max_sessions = max_sessions
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None

    @property
    def sessions(self) -> int:
        """Handlers running now."""
        return len(self._tasks)

    @property
    def connections(self) -> int:
        """Open connections, those without a complete environment included."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen; SetupError if the port cannot be had."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            self._listener = socket.create_server((self._host, self.port), family=family, backlog=BACKLOG)
        except OSError as error:
            raise SetupError(
                f"the AGI port {self._host}:{self.port} cannot be used ({error.strerror or error}): "
                "stop the program that has it, or choose another AGI port"
            ) from None
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept(self._listener), name="agi accept")

    async def close(self) -> None:
        """Stop listening, close every session, end the handlers."""
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._connections):
            connection.close("the service stops")
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_SECONDS)

    async def _accept(self, listener: socket.socket) -> None:
        """By hand: out of descriptors, asyncio's own server tries again without a pause and blocks everything."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
                await loop.connect_accepted_socket(lambda: _Connection(self), connection)
            except OSError as error:
                log.error("callers cannot be accepted, next try follows", why=error.strerror or type(error).__name__)
                await asyncio.sleep(ACCEPT_AGAIN_SECONDS)

    # --- for its connections -----------------------------------------------------------------

    def admit(self, connection: "_Connection") -> bool:
        if len(self._connections) >= self._max_sessions:
            log.warning("AGI connection refused: too many sessions", sessions=len(self._connections))
            return False
        self._connections.add(connection)
        return True

    def leave(self, connection: "_Connection") -> None:
        self._connections.discard(connection)

    def serve(self, session: AgiSession) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, session: AgiSession) -> None:
        try:
            await self._handler(session)
        except (CallerGone, AgiClosed) as error:
            log.debug("AGI session over", why=type(error).__name__)
        except Exception as error:  # the text of an exception may hold personal data: only its kind and place
            where = traceback.extract_tb(error.__traceback__)[-1]
            log.error("AGI handler failed", error=type(error).__name__, file=where.filename, line=where.lineno)
        finally:
            session.close()


class _Connection(asyncio.Protocol):
    """One TCP connection: header timeout, then its session."""

    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle

    def __init__(self, server: AgiServer) -> None:
        self._server = server
        self._agi = AgiProtocol()
        self._session: AgiSession | None = None
        self._admitted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - asyncio's promise for TCP
        self._transport = transport
        self._admitted = self._server.admit(self)
        if not self._admitted:
            transport.abort()
            return
        _keep_alive(transport)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._server.header_seconds, self.close, "no environment in time")

    def data_received(self, data: bytes) -> None:
        for event in self._agi.receive(data):
            self._on(event)

    def _on(self, event: Event) -> None:
        if isinstance(event, Environment):
            self._timer.cancel()
            self._session = AgiSession(event.headers, self._transport.write, self._transport.close)
            self._server.serve(self._session)
        elif self._session is not None:
            self._session.feed(event)
        elif isinstance(event, Broken):
            log.warning("AGI connection closed: the peer is not Asterisk", why=event.why)
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._admitted:
            self._timer.cancel()
            self._server.leave(self)
        if self._session is not None:
            self._session.end("Asterisk closed it" if exc is None else type(exc).__name__)

    def close(self, why: str) -> None:
        if self._session is None:
            log.info("AGI connection closed", why=why)
            self._transport.abort()
        else:
            self._session.end(why)
            self._transport.close()


def _keep_alive(transport: asyncio.Transport) -> None:
    """Let the kernel notice an Asterisk that vanished from the network."""
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
