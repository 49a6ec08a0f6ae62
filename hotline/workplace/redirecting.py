"""What the lead does about a mail that did not arrive: the same one once more, or one to another address."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import structlog

from agents.promises import Occasion
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.journal import Journal
from hotline.links import Links
from hotline.mail.promised import PromiseMails
from hotline.mail.sender import MailSender
from hotline.storage.outbox import NewMail
from hotline.storage.promise_steps import Holder
from hotline.storage.redirects import Redirect, Redirects, Undelivered
from routing.case_workers import Responsible, chosen

log = structlog.get_logger()

GONE = "Diese E-Mail ist inzwischen verschickt, oder es gibt sie nicht mehr."


class MailsAgain:
    """The same mail keeps its Message-ID; one to another address is a new mail about the same promise."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        redirects: Redirects,
        links: Links,
        sender: MailSender,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._configuration = configuration
        self._redirects = redirects
        self._mails = PromiseMails(links)
        self._sender = sender
        self._journal = journal
        self._clock = clock

    async def retry(self, mail_id: int) -> bool:
        """See `MailSender.retry`."""
        return await self._sender.retry(mail_id)

    async def redirect(self, mail_id: int, to: str, who: str) -> None:
        """A mail to somebody else, audited; `to` is a case worker's e-mail address or "team".

        Only addresses of the configuration: the link in the mail opens what a client told us. Refused when it is none
        of them or the same as before, and when the mail has gone out or its promise is kept.
        """
        config = self._configuration()[1]
        found = await self._redirects.find(mail_id)
        if found is None:
            raise Refused(GONE)
        other = chosen(config, to, f"Von der Leitung ausgewählt: E-Mail an {_holder(found)} kam nicht an")
        if other is None or other.email == found.recipient:
            raise Refused("Bitte wählen Sie eine andere Adresse als bisher.")
        now = self._clock.now()
        mail = self._write(config, found, other, now)
        how = Redirect(who, now, self._clock.real_now(), f"Die E-Mail an {_holder(found)} kam nicht an.")
        holder = Holder(other.name, other.email, other.rule, other.team)
        if not await self._journal.now(partial(self._redirects.redirect, found, holder, mail, how)):
            raise Refused(GONE)
        self._sender.wake()
        log.info("mail goes to another address", mail=mail_id, handed_on=found.to_holder)

    def _write(self, config: HotlineConfig, found: Undelivered, other: Responsible, now: datetime) -> NewMail:
        parts = (config, other.email, found.promise_id, found)
        if found.to_holder:
            return self._mails.write(*parts, Occasion.HANDED_ON, found.holder + 1)
        occasion = Occasion.OVERDUE if found.due <= now else Occasion.REMINDER
        return self._mails.write(*parts, occasion, found.holder)


def _holder(found: Undelivered) -> str:
    return found.responsible_name or "die zuständige Stelle"
