"""When each mail of the outbox is tried, and what an answer of the mail server means for it.

A mail is marked as sent only after the server has accepted it. A crash in between repeats it with the same
Message-ID; a database that fails in between does not. What may pass (no connection, 4xx, login refused) is tried
again, after 30 s and then ever more rarely up to 15 min; a mail the server refuses for good (5xx) is kept as refused
and shown, not dropped.
"""

import asyncio
import random
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError

import aiosmtplib
import structlog

from config.schema import Mail, SmtpSecurity
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.mail.message import build, domain_of
from hotline.storage.outbox import Outbox, OutboxMail

log = structlog.get_logger()

FIRST_WAIT = 30.0
LONGEST_WAIT = 900.0
SPREAD = 1.2
"""A wait may be longer by so much, so that many mails do not come back at the same moment."""
SHORTEST_PAUSE, IDLE = 0.1, 60.0
"""Seconds between two looks into the outbox, if nobody wakes us."""
AFTER_STORAGE_ERROR = 5.0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail did not go: a code without addresses, and whether another try makes sense."""

    code: str
    lasting: bool = False


class MailSender:
    """The outbox's worker: `run()` as a task, `wake()` after something was put into the outbox."""

    def __init__(
        self,
        outbox: Outbox,
        mail: Mail,
        clock: Clock,
        secret: str | None = None,
        *,
        timeout: float = 20.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._outbox = outbox
        self._mail = mail
        self._clock = clock
        self._secret = secret
        self._timeout = timeout
        self._tls = tls
        self._awake = asyncio.Event()
        self._taken: dict[int, datetime] = {}
        """Mails that the server has taken, while the database could not yet be told: never sent again."""

    def wake(self) -> None:
        """There may be something to send: look at once."""
        self._awake.set()

    async def retry(self, mail_id: int) -> bool:
        """Send a mail once more that did not go out or came back; False when there is no such mail."""
        found = await self._outbox.retry(mail_id, self._clock.real_now())
        self.wake()
        return found

    async def run(self) -> None:
        """Send for ever; ends only by being cancelled."""
        while True:
            self._awake.clear()
            try:
                await self.send_due()
                pause = await self._pause()
            except StorageError as error:
                log.warning("outbox cannot be read or written", error=str(error))
                pause = AFTER_STORAGE_ERROR
            await self._sleep(pause)

    async def send_due(self) -> int:
        """Try every due mail once, in order, over one connection; returns how many were sent."""
        await self._note_taken()
        due = await self._outbox.due(await self._looking_at())
        if not due:
            return 0
        smtp = self._client()
        try:
            failure = await self._connect(smtp)
            if failure is not None:
                return await self._put_off(due, failure)
            return sum([await self._send(smtp, mail) for mail in due])
        finally:
            smtp.close()

    async def _looking_at(self) -> datetime:
        """Now; or when the earliest mail is due, if that is too far away to be true: the clock was set back."""
        now, following = self._clock.real_now(), await self._outbox.next_try()
        return following if following is not None and _beyond(following, now) else now

    def _client(self) -> aiosmtplib.SMTP:
        security = self._mail.security
        return aiosmtplib.SMTP(
            hostname=self._mail.host,
            port=self._mail.port,
            username=self._mail.user,
            password=self._secret if self._mail.user else None,
            use_tls=security is SmtpSecurity.TLS,
            start_tls=security is SmtpSecurity.STARTTLS,
            tls_context=self._tls,
            timeout=self._timeout,
            local_hostname=domain_of(self._mail.sender),
        )

    async def _connect(self, smtp: aiosmtplib.SMTP) -> Failure | None:
        try:
            await smtp.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Failure(_code(error))
        return None

    async def _put_off(self, due: list[OutboxMail], failure: Failure) -> int:
        log.warning("mail server not usable", code=failure.code, waiting=len(due))
        for mail in due:
            await self._failed(mail, failure)
        return 0

    async def _send(self, smtp: aiosmtplib.SMTP, mail: OutboxMail) -> bool:
        failure = await self._attempt(smtp, mail)
        if failure is None:
            self._taken[mail.id] = self._clock.real_now()
            log.info("mail sent", mail=mail.id, attempt=mail.attempts + 1)
            await self._note_taken()
            return True
        await self._failed(mail, failure)
        return False

    async def _note_taken(self) -> None:
        for mail, at in list(self._taken.items()):
            await self._outbox.sent(mail, at)
            del self._taken[mail]

    async def _attempt(self, smtp: aiosmtplib.SMTP, mail: OutboxMail) -> Failure | None:
        try:
            if not smtp.is_connected:
                await smtp.connect()
            message = build(mail, self._mail.sender)
            refused, _ = await smtp.send_message(message, sender=self._mail.sender, recipients=[mail.recipient])
        except (MessageError, ValueError) as error:
            return Failure(type(error).__name__, lasting=True)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Failure(_code(error), lasting=_lasting(error))
        return _of_recipient(*next(iter(refused.values()))) if refused else None

    async def _failed(self, mail: OutboxMail, failure: Failure) -> None:
        now = self._clock.real_now()
        if failure.lasting:
            await self._outbox.refused(mail.id, now, failure.code)
            log.error("mail refused for good", mail=mail.id, code=failure.code)
            return
        following = next_try(now, mail.attempts)
        await self._outbox.failed(mail.id, now, failure.code, following)
        log.warning("mail put off", mail=mail.id, code=failure.code, attempt=mail.attempts + 1)

    async def _pause(self) -> float:
        now, following = self._clock.real_now(), await self._outbox.next_try()
        if following is None:
            return IDLE
        return SHORTEST_PAUSE if _beyond(following, now) else _between((following - now).total_seconds())

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return


def next_try(now: datetime, attempts: int) -> datetime:
    """After so many earlier attempts: 30 s, doubled each time up to 15 min, and up to a fifth more."""
    wait = min(FIRST_WAIT * 2 ** min(attempts, 16), LONGEST_WAIT)
    return now + timedelta(seconds=wait * random.uniform(1.0, SPREAD))  # noqa: S311 - spreads load, guards nothing


def _beyond(moment: datetime, now: datetime) -> bool:
    """Later than any mail is ever put off."""
    return moment > now + timedelta(seconds=LONGEST_WAIT * SPREAD)


def _between(seconds: float) -> float:
    return min(max(seconds, SHORTEST_PAUSE), IDLE)


def _of_recipient(code: int, _text: str) -> Failure:
    return Failure(str(code), lasting=code >= 500)


def _lasting(error: Exception) -> bool:
    """Only what the server says about this very mail; a refused login or sender concerns all of them."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(refusal.code >= 500 for refusal in error.recipients)
    return isinstance(error, aiosmtplib.SMTPDataError) and error.code >= 500


def _code(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return str(error.recipients[0].code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return str(error.code)
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return "tls"
    if isinstance(error, aiosmtplib.SMTPTimeoutError | TimeoutError):
        return "timeout"
    if isinstance(error, aiosmtplib.SMTPConnectError | OSError):
        return "no connection"
    if "STARTTLS" in str(error):
        return "no starttls"
    return type(error).__name__
