"""An AMI client of the tests' own, which keeps every byte, so that forged events cannot hide from it."""

import asyncio
from collections.abc import Callable

PATIENCE = 10.0
Message = dict[str, str]


class Ami:
    """`async with Ami(port, user, secret) as ami`: logged in; `messages` grows with whatever arrives."""

    def __init__(self, port: int, user: str, secret: str) -> None:
        self.port, self.user, self.secret = port, user, secret
        self.messages: list[Message] = []
        self._news = asyncio.Condition()

    async def __aenter__(self) -> "Ami":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        await self._reader.readline()
        self._reading = asyncio.create_task(self._read())
        answer = await self.action("Login", Username=self.user, Secret=self.secret)
        assert answer["Response"] == "Success", answer
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        self._writer.close()
        await self._writer.wait_closed()

    async def action(self, name: str, **fields: str) -> Message:
        """Send it and wait for its response."""
        number = str(len(self.messages)) + name
        lines = [f"Action: {name}", f"ActionID: {number}", *(f"{key}: {value}" for key, value in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        return await self.wait_for(lambda message: "Response" in message and message.get("ActionID") == number)

    async def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message, past or future, that is wanted."""
        async with asyncio.timeout(PATIENCE), self._news:
            while True:
                found = next((message for message in self.messages if wanted(message)), None)
                if found is not None:
                    return found
                await self._news.wait()

    async def event(self, name: str, **fields: str) -> Message:
        """Wait for an event with these headers."""
        return await self.wait_for(
            lambda message: message.get("Event") == name and all(message.get(k) == v for k, v in fields.items())
        )

    def events(self) -> list[Message]:
        return [message for message in self.messages if "Event" in message]

    async def _read(self) -> None:
        message: Message = {}
        async for raw in self._reader:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            if line:
                name, _, value = line.partition(": ")
                message[name] = value
                continue
            async with self._news:
                self.messages.append(message)
                self._news.notify_all()
            message = {}
