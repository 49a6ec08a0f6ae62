"""An AGI service of the tests' own: takes sessions and lets the test speak line by line."""

import asyncio

PATIENCE = 10.0


class Session:
    """One AGI session: its environment as sent, and plain commands."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.environment: list[str] = []

    async def read_environment(self) -> None:
        while line := (await self._reader.readline()).decode("utf-8", "replace").rstrip("\n"):
            self.environment.append(line)

    async def command(self, text: str) -> str:
        self._writer.write(f"{text}\n".encode())
        async with asyncio.timeout(PATIENCE):
            return (await self._reader.readline()).decode("utf-8", "replace").rstrip("\n")

    async def variable(self, name: str) -> str | None:
        """Value of a channel variable; None when it is not set."""
        answer = await self.command(f"GET VARIABLE {name}")
        assert answer.startswith("200 result="), answer
        return answer.split("(", 1)[1].removesuffix(")") if answer.startswith("200 result=1 (") else None

    def close(self) -> None:
        self._writer.close()


class Agi:
    """`async with Agi(port) as agi`: listens; `await agi.session()` is the next caller."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._sessions: asyncio.Queue[Session] = asyncio.Queue()
        self._all: list[Session] = []

    async def __aenter__(self) -> "Agi":
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for session in self._all:
            session.close()

    async def session(self) -> Session:
        async with asyncio.timeout(PATIENCE):
            return await self._sessions.get()

    @property
    def waiting(self) -> int:
        """Sessions that nobody has taken yet."""
        return self._sessions.qsize()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(reader, writer)
        self._all.append(session)
        await session.read_environment()
        self._sessions.put_nowait(session)
