"""What becomes of a promise: what its case worker reports on the page behind the link, and who that is to be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents.answers import read_delay, read_note, read_other, read_reason, read_way
from agents.forms import FormError
from agents.promises import Occasion, german_moment
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.errors import Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.links import Links, LinkState
from hotline.mail.promised import PromiseMails
from hotline.mail.sender import MailSender
from hotline.storage.promise_events import OPEN
from hotline.storage.promise_steps import Holder, PromiseSteps, Sent
from hotline.storage.promises import PromiseRow, Promises
from hotline.workplace.promise_page import holder_of, page_view
from routing.case_workers import choices, responsible
from routing.hours import Calendar

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Promised:
    """What may stand in a mail."""

    receipt: str
    request_type: str
    due: datetime


class PromiseWork:
    """Implements hotline.web.services.Promises."""

    def __init__(
        self,
        configuration: Callable[[], tuple[int, HotlineConfig]],
        promises: Promises,
        steps: PromiseSteps,
        links: Links,
        sender: MailSender,
        journal: Journal,
        clock: Clock,
        own_call: Callable[[str, str], Call],
    ) -> None:
        self._configuration = configuration
        self._promises = promises
        self._steps = steps
        self._links = links
        self._mails = PromiseMails(links)
        self._sender = sender
        self._journal = journal
        self._clock = clock
        self._own_call = own_call

    # --- on the agent's page -----------------------------------------------------------------

    def who(
        self, agent: str, call_id: str, office: str, family_name: str, request_type: str | None
    ) -> Mapping[str, Any]:
        """Who would get this request, by which rule, and who else could."""
        call = self._own_call(agent, call_id)
        config, key = call.config, request_type or (call.request or call.config.unclear).key
        due = Calendar(config).due(self._clock.now())
        found = responsible(config, office, family_name, key, due.date())
        return {
            "key": found.key,
            "name": found.name,
            "rule": found.rule,
            "team": found.team,
            "due": german_moment(due, config.hotline.timezone),
            "sms": config.sms is not None,
            "choices": [
                {"key": choice.key, "name": choice.name, "absent": choice.absent}
                for choice in choices(config, due.date())
            ],
        }

    # --- the case worker's page --------------------------------------------------------------

    async def page(self, token: str) -> Mapping[str, Any] | None:
        """What the page behind a mail's link shows; None when the link is expired or not ours."""
        opened = self._links.open(token)
        row = await self._row(opened.promise_id) if opened.state is LinkState.VALID else None
        if row is None:
            return None
        if row.handed_on != opened.holder:
            return {"receipt": row.receipt, "status": "handed_on", "holder": holder_of(row)}
        return page_view(row, await self._steps.of(row.id), self._config, self._clock.now())

    async def answered(self, token: str, once: str, how: str, note: str) -> None:
        """The caller was answered: the promise is kept."""
        row, holder = await self._opened(token)
        sent = self._sent(row, holder, once, read_note(note))
        await self._store("kept", partial(self._steps.kept, sent, read_way(how)), row)

    async def not_reached(self, token: str, once: str, note: str) -> None:
        """A try that nobody answered; the promise stays open."""
        row, holder = await self._opened(token)
        sent = self._sent(row, holder, once, read_note(note))
        await self._store("not_reached", partial(self._steps.not_reached, sent), row)

    async def takes_longer(self, token: str, once: str, day: str, reason: str) -> None:
        """It is answered by the end of that day ("2026-11-27")."""
        row, holder = await self._opened(token)
        if not self._may_change(row, holder):
            return
        config = self._config
        with _together() as findings:
            due = findings.read(lambda: read_delay(config, row.due_at, self._clock.now(), day))
            text = findings.read(lambda: read_reason(reason))
        sent = self._sent(row, holder, once, text)
        await self._store("postponed", partial(self._steps.postponed, sent, due), row)

    async def hand_on(self, token: str, once: str, to: str, reason: str) -> None:
        """Somebody else is to answer: a case worker's e-mail address, or "team"."""
        row, holder = await self._opened(token)
        if not self._may_change(row, holder):
            return
        config = self._config
        with _together() as findings:
            before = holder_of(row)
            found = findings.read(lambda: read_other(config, row.responsible_email, to, before))
            text = findings.read(lambda: read_reason(reason))
        promised = _Promised(row.receipt, row.request_type, row.due_at)
        mail = self._mails.write(config, found.email, row.id, promised, Occasion.HANDED_ON, holder + 1)
        next_one = Holder(found.name, found.email, found.rule, found.team)
        sent = self._sent(row, holder, once, text)
        await self._store("handed_on", partial(self._steps.handed_on, sent, next_one, mail), row)
        self._sender.wake()

    # --- in between --------------------------------------------------------------------------

    @property
    def _config(self) -> HotlineConfig:
        return self._configuration()[1]

    async def _row(self, promise_id: str | None) -> PromiseRow | None:
        return None if promise_id is None else await self._promises.by_id(promise_id)

    async def _opened(self, token: str) -> tuple[PromiseRow, int]:
        opened = self._links.open(token)
        row = await self._row(opened.promise_id) if opened.state is LinkState.VALID else None
        if row is None:
            raise Refused("Dieser Link ist ungültig oder abgelaufen.")
        return row, opened.holder

    @staticmethod
    def _may_change(row: PromiseRow, holder: int) -> bool:
        """Whether the form is worth reading; storing it asks again."""
        return row.status == OPEN and row.handed_on == holder

    def _sent(self, row: PromiseRow, holder: int, once: str, text: str) -> Sent:
        return Sent(row.id, holder, once, self._clock.now(), text)

    async def _store(self, what: str, write: Callable[[], Any], row: PromiseRow) -> None:
        if await self._journal.now(write):
            log.info("promise step", call=row.call_id, step=what)


class _together:  # noqa: N801 - reads as a statement
    """Collects the findings of several fields, and raises them as one FormError at the end."""

    def __init__(self) -> None:
        self._findings: dict[str, str] = {}

    def __enter__(self) -> "_together":
        return self

    def read(self, reading: Callable[[], Any]) -> Any:
        try:
            return reading()
        except FormError as error:
            self._findings |= error.findings
            return None

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._findings:
            raise FormError(self._findings)
