"""A silent alarm that nobody sees within half a minute is told by e-mail, too: once, and with nothing about the caller.

Looks every few seconds, and after a start at what was raised before it. The mail is stored together with the mark that
it is, and goes the way of all mails.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog

from agents.promises import german_moment
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import StorageError
from hotline.exchange.journal import Journal
from hotline.mail.message import new_message_id
from hotline.mail.sender import MailSender
from hotline.storage.alarms import Alarm, AlarmRows
from hotline.storage.outbox import NewMail
from hotline.workplace.alarms import Alarms

log = structlog.get_logger()

UNSEEN = timedelta(seconds=30)
LOOK_SECONDS = 5.0
SUBJECT = "Stiller Alarm, bitte die Seite der Leitung öffnen"
BODY = """\
Stiller Alarm, bitte die Seite der Leitung öffnen:
{link}

Von:  {name}
Seit: {at}

Diese Nachricht wurde automatisch erstellt.
"""


class AlarmMails:
    """`run()` is a task of the service; `look()` one look, for itself."""

    def __init__(
        self,
        alarms: Alarms,
        rows: AlarmRows,
        sender: MailSender,
        journal: Journal,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        clock: Clock,
    ) -> None:
        self._alarms = alarms
        self._rows = rows
        self._sender = sender
        self._journal = journal
        self._configuration = configuration
        self._clock = clock

    async def run(self, every: float = LOOK_SECONDS) -> None:
        """Look for ever; ends only by being cancelled. What cannot be stored is tried again at the next look."""
        while True:
            try:
                await self.look()
            except StorageError as error:
                log.warning("mail about an alarm cannot be stored", error=str(error))
            await asyncio.sleep(every)

    async def look(self) -> int:
        """Tell of every alarm that nobody has seen for too long; returns of how many. Nothing without an address."""
        config, now = self._configuration()[1], self._clock.now()
        to, told = config.mail.lead_mailbox, 0
        if to is None:
            return 0
        for number, alarm in self._alarms.not_mailed():
            if not _is_due(alarm, now):
                continue
            write = partial(self._rows.mail, alarm, now, _mail(config, to, alarm))
            at: datetime | None = await self._journal.now(write)
            if at is not None:
                self._alarms.mailed(number, at)
                told += 1
        if told:
            log.warning("nobody has seen an alarm, a mail tells of it", alarms=told)
            self._sender.wake()
        return told


def _is_due(alarm: Alarm, now: datetime) -> bool:
    """Also when it seems to come from the future: then the clock was set back, and nobody knows for how long it is."""
    return not now - UNSEEN < alarm.at <= now


def _mail(config: HotlineConfig, to: str, alarm: Alarm) -> NewMail:
    names = {agent.name: agent.full_name for agent in config.agents}
    body = BODY.format(
        link=f"{config.hotline.public_url}/lead",
        name=names.get(alarm.agent, alarm.agent),
        at=german_moment(alarm.at, config.hotline.timezone),
    )
    return NewMail(new_message_id(config.mail.sender), to, SUBJECT, body)
