"""Sends the receipts that callers asked to have by short message: receipt number and due day, nothing about the matter.

Off unless `sms` is configured. The agent's disposition `forwarded` takes the further value `sms`: "yes" when the caller
has agreed to it, to the telephone number in the form. Findings come under `sms`.
"""

import asyncio
from datetime import timedelta
from typing import Protocol

import structlog

from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.mail.sender import Failure
from hotline.storage.short_messages import ShortMessage, ShortMessages

log = structlog.get_logger()

LOOK_SECONDS = 20.0
ANSWER_SECONDS = 20.0
"""How long the provider may take."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=30)
LOST = Failure("unknown", lasting=True)
"""No answer that can be understood: the provider may have sent it. A second one would only irritate; it is given up."""
MOST_TRIES = 6
"""A receipt that comes hours later helps nobody."""


class Gateway(Protocol):
    """A provider of short messages."""

    async def send(self, number: str, text: str) -> str | Failure:
        """The provider's id of the message, or why it did not take it. `number` is E.164.

        LOST when the request may have arrived and what became of it is not known.
        """

    async def close(self) -> None: ...


class ShortMessageSender:
    """`run()` is a task of the service. A crash while sending may send one message a second time."""

    def __init__(self, messages: ShortMessages, gateway: Gateway, clock: Clock) -> None:
        self._messages = messages
        self._gateway = gateway
        self._clock = clock

    async def run(self, every: float = LOOK_SECONDS) -> None:
        """Send for ever; ends only by being cancelled."""
        try:
            while True:
                try:
                    await self.send_due()
                except StorageError as error:
                    log.warning("short messages cannot be read or written", error=str(error))
                await asyncio.sleep(every)
        finally:
            await self._gateway.close()

    async def send_due(self) -> int:
        """Try every due message once; returns how many were sent."""
        return sum([await self._send(message) for message in await self._messages.due(self._clock.real_now())])

    async def _send(self, message: ShortMessage) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._gateway.send(message.number, message.text)
        except TimeoutError:
            answer = LOST
        if isinstance(answer, Failure):
            await self._failed(message, answer)
            return False
        await self._messages.sent(message, self._clock.real_now(), answer)
        log.info("short message sent", message=message.id, attempt=message.attempts + 1)
        return True

    async def _failed(self, message: ShortMessage, failure: Failure) -> None:
        now = self._clock.real_now()
        if failure.lasting or message.attempts + 1 >= MOST_TRIES:
            await self._messages.refused(message, now, failure.code)
            log.error("short message given up", message=message.id, code=failure.code)
            return
        wait = min(FIRST_WAIT * 2**message.attempts, LONGEST_WAIT)
        await self._messages.failed(message, failure.code, now + wait)
        log.warning("short message put off", message=message.id, code=failure.code, attempt=message.attempts + 1)
