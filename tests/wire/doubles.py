"""Doubles that are real TCP peers: an Asterisk manager interface, and an Asterisk that calls a FastAGI server."""

import asyncio
from collections.abc import Callable

from hotline.telephony.agi_server import AgiServer

SECRET = "streng-geheim-4711"
HEADERS = {
    "agi_network": "yes",
    "agi_network_script": "call",
    "agi_channel": "PJSIP/gateway-trunk-00000001",
    "agi_uniqueid": "SYS-1795305273.0",
    "agi_accountcode": "",
}


async def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Return as soon as the condition holds; TimeoutError if it never does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is anything, it has no event
            await asyncio.sleep(0.001)


def environment(headers: dict[str, str] | None = None) -> bytes:
    lines = [f"{key}: {value}\n" for key, value in (HEADERS if headers is None else headers).items()]
    return "".join(lines).encode() + b"\n"


class AgiCaller:
    """Asterisk's side of one FastAGI connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, server: AgiServer) -> "AgiCaller":
        return cls(*await asyncio.open_connection("127.0.0.1", server.port))

    @classmethod
    async def call(cls, server: AgiServer) -> "AgiCaller":
        caller = await cls.connect(server)
        caller.say(environment())
        return caller

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def command(self) -> str:
        """The next command that the service sends; "" at the end of the connection."""
        async with asyncio.timeout(10):
            return (await self.reader.readline()).decode().removesuffix("\n")

    async def answer(self, reply: bytes) -> str:
        command = await self.command()
        self.say(reply)
        return command

    async def closed_by_service(self) -> bytes:
        """Wait until the service closes; what it had sent before."""
        async with asyncio.timeout(10):
            try:
                rest = await self.reader.read()
            except ConnectionResetError:
                rest = b""
        await self.leave()
        return rest

    async def leave(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


Action = dict[str, str]
Answer = Callable[[Action], bytes | None]


class AmiDouble:
    """An Asterisk manager interface: answers Success, unless `answers[action name]` says otherwise (None: silence).

    `received` holds every action but Login, over all connections; `logins` counts them; `send`, `drop` and `silent`
    act on the newest connection.
    """

    def __init__(self) -> None:
        self.greeting = b"Asterisk Call Manager/11.0.0\r\n"
        self.secret = SECRET
        self.with_login = b""
        self.answers: dict[str, Answer] = {}
        self.received: list[Action] = []
        self.heard = b""
        self.connections = 0
        self.logins = 0
        self.silent = False
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.drop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def drop(self) -> None:
        """End every connection."""
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.close()

    def send(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def event(self, name: str, **headers: str) -> None:
        self.send(message(Event=name, **headers))

    async def action(self, name: str) -> Action:
        """The first action of that name, once it has come."""
        await eventually(lambda: self.actions(name))
        return self.actions(name)[0]

    def actions(self, name: str) -> list[Action]:
        return [action for action in self.received if action["Action"] == name]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._writers.append(writer)
        writer.write(self.greeting)
        try:
            while data := await reader.readuntil(b"\r\n\r\n"):
                self.heard += data
                self._on(dict(line.split(": ", 1) for line in data.decode().split("\r\n") if line), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _on(self, action: Action, writer: asyncio.StreamWriter) -> None:
        if action["Action"] == "Login":
            self.logins += 1
            self._log_in(action, writer)
            return
        self.received.append(action)
        answer = self.answers.get(action["Action"], success)(action)
        if answer is not None and not self.silent:
            writer.write(answer)

    def _log_in(self, action: Action, writer: asyncio.StreamWriter) -> None:
        if "Login" in self.answers:
            writer.write(self.answers["Login"](action) or b"")
        elif action["Secret"] == self.secret:
            writer.write(success(action, "Authentication accepted") + self.with_login)
        else:
            writer.write(error(action, "Authentication failed"))
            writer.close()


def message(**headers: str) -> bytes:
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n"


def success(action: Action, text: str = "") -> bytes:
    return message(Response="Success", ActionID=action["ActionID"], Message=text)


def error(action: Action, text: str) -> bytes:
    return message(Response="Error", ActionID=action["ActionID"], Message=text)


def list_start(action: Action) -> bytes:
    return message(Response="Success", ActionID=action["ActionID"], EventList="start", Message="will follow")


def list_item(action: Action, name: str, **headers: str) -> bytes:
    return message(Event=name, ActionID=action["ActionID"], **headers)


def list_end(action: Action, name: str, items: int = 1) -> bytes:
    return message(Event=name, ActionID=action["ActionID"], EventList="Complete", ListItems=str(items))
