"""The mail server of a house: takes every mail, or misbehaves as it is told; knows all Message-IDs it has taken."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from email import message_from_bytes
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

Hook = Callable[[Envelope], Awaitable[str | None]]
"""Called with each mail before it is answered; its answer goes to the sender instead of ours, if there is one."""
ACCEPTED = "250 kept"


async def die(server: SMTP) -> None:
    """Be gone before the answer."""
    if server.transport is not None:
        server.transport.abort()


class MailServer:
    """`async with MailServer(port) as mail`; `stop` and `start` in between make it be away."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[str] = []
        """Message-ID of each mail that was taken, repeats included."""
        self.arrived = asyncio.Event()
        """Set with each mail whose content has come in, before it is answered."""
        self.before_answer: Hook | None = None
        self.refuses: Callable[[str], str | None] = lambda address: None
        """The refusal for a recipient, as "451 later"; None takes it."""
        self.dies = False
        """Takes mails and closes the connection instead of answering."""
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Nobody listens any more, and connections that are open break off."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for one in self._sessions:
            if one.transport is not None:
                one.transport.abort()
        self._sessions.clear()
        await server.wait_closed()

    def _session(self) -> SMTP:
        session = SMTP(self, hostname="mail.example", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._sessions.append(session)
        return session

    @property
    def message_ids(self) -> Counter[str]:
        """How often each mail was taken."""
        return Counter(self.received)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.refuses(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        message_id = str(message_from_bytes(envelope.original_content or b"")["Message-ID"])
        self.arrived.set()
        answer = await self.before_answer(envelope) if self.before_answer is not None else None
        if answer is not None and not answer.startswith("2"):
            return answer
        self.received.append(message_id)
        if self.dies:
            await die(server)
        return answer or ACCEPTED
