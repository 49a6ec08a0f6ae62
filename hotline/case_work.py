"""How a call is disposed of: from the agent's form to the promise and its mail, or the callback.

What becomes of a promise afterwards is in `hotline/workplace/promises.py`.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents.answers import read_choice, wants_receipt
from agents.disposition import PERSON, Disposition, Outcome, read_disposition
from agents.forms import FormError
from agents.promises import Occasion, german_moment, new_receipt, short_message_for
from hotline.clock import Clock
from hotline.errors import ReceiptTaken, Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.links import Links
from hotline.mail.promised import PromiseMails
from hotline.mail.sender import MailSender
from hotline.storage.outbox import NewMail
from hotline.storage.promises import (
    Disposal,
    NewCallback,
    NewPromise,
    Person,
    Promises,
    new_promise_id,
)
from hotline.storage.short_messages import NewShortMessage
from routing.case_workers import Responsible, responsible
from routing.hours import Calendar
from routing.numbers import NumberPlan

log = structlog.get_logger()

RECEIPT_TRIES = 20
NOT_IN_FORM = {*PERSON, "office", "note", "responsible", "responsible_reason", "sms"}
FORM = "form."
"""What `agents.disposition` puts before the keys of a type's own fields in its findings."""


@dataclass(frozen=True, slots=True)
class _Promised:
    """What may stand in the mail to the case worker."""

    receipt: str
    request_type: str
    due: datetime


class CaseWork:
    def __init__(
        self,
        promises: Promises,
        links: Links,
        sender: MailSender,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._promises = promises
        self._mails = PromiseMails(links)
        self._sender = sender
        self._journal = journal
        self._clock = clock
        self._random = random.SystemRandom()

    # --- the agent's disposition -------------------------------------------------------------

    async def dispose(
        self,
        call: Call,
        agent: str,
        outcome: str,
        values: Mapping[str, str],
        *,
        more: bool = False,
        replaces: int | None = None,
    ) -> dict[str, Any]:
        """Store the disposition and all it promises in one transaction; what the agent's screen shows of it.

        `more`: a further request of the call follows. `replaces`: the disposition that this one corrects, with which
        nothing was promised. FormError with German findings by field when something is missing; AlreadyWritten
        when it was done before.
        """
        written = self.read(call, outcome, values)
        place: dict[str, Any] = {"more": more, "replaces": replaces}
        if written.outcome is Outcome.FORWARDED:
            return await self._forward(call, agent, written, values, place)
        now = self._clock.now()
        callback = self._callback(call, written, now) if written.outcome is Outcome.CALLBACK else None
        await self._store(self._disposal(call, agent, written, now, callback=callback, **place))
        due = german_moment(callback.due, call.config.hotline.timezone) if callback else None
        return {"outcome": written.outcome.value, "receipt": None, "due": due, "responsible": None, "rule": None}

    def read(self, call: Call, outcome: str, values: Mapping[str, str]) -> Disposition:
        """What the agent wrote, checked by what that outcome demands; FormError with findings by field."""
        hotline = call.config.hotline
        request = call.request or call.config.unclear
        form = {key: value for key, value in values.items() if key not in NOT_IN_FORM}
        try:
            return read_disposition(
                outcome,
                request,
                {key: values.get(key, "") for key in PERSON},
                form,
                values.get("note", ""),
                NumberPlan(hotline.country_code, hotline.area_code),
                call.config.line.household_number,
            )
        except FormError as error:
            raise FormError({key.removeprefix(FORM): text for key, text in error.findings.items()}) from None

    def _office(self, call: Call, values: Mapping[str, str]) -> str:
        """The caller's office as the agent chose it; the first one of the configuration when there is only one."""
        offices = {office.key for office in call.config.offices}
        chosen = values.get("office", "")
        if chosen in offices:
            return chosen
        if len(offices) == 1:
            return next(iter(offices))
        raise FormError({"office": "Bitte die Geschäftsstelle wählen, die zuständig ist."})

    def _callback(self, call: Call, written: Disposition, now: datetime) -> NewCallback:
        plan = NumberPlan(call.config.hotline.country_code, call.config.hotline.area_code)
        if not plan.may_call_back(written.phone):
            raise FormError({"phone": "Unter dieser Nummer können wir nicht zurückrufen."})
        return NewCallback(written.phone, Calendar(call.config).due(now), written.household_number or None)

    def _disposal(self, call: Call, agent: str, written: Disposition, now: datetime, **parts: Any) -> Disposal:
        request = call.request or call.config.unclear
        own = (call.id, agent, now, written.outcome.value, request.key, written.note, dict(written.form))
        return Disposal(*own, number=call.number, real=self._clock.real_now(), **parts)

    async def _store(self, disposal: Disposal) -> None:
        await self._journal.now(partial(self._promises.dispose, disposal))
        log.info("disposed", call=disposal.call_id, agent=disposal.agent, outcome=disposal.outcome)

    async def _forward(
        self, call: Call, agent: str, written: Disposition, values: Mapping[str, str], place: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Promise an answer by the end of the next working day, and mail it to who must give it."""
        office = self._office(call, values)
        now, request = self._clock.now(), call.request or call.config.unclear
        due = Calendar(call.config).due(now)
        ruled = responsible(call.config, office, written.family_name, request.key, due.date())
        who, reason = read_choice(call.config, ruled, values, call.config.agent(agent).full_name)
        by_sms = wants_receipt(call.config, values, written.phone)
        for _ in range(RECEIPT_TRIES):
            promise = NewPromise(
                new_promise_id(), new_receipt(self._random, now.year), due, who.name, who.email, who.rule, reason
            )
            person = Person(**{key: getattr(written, key) for key in PERSON})
            mail = self._mail(call, promise, request.key)
            try:
                short = self._short_message(call, promise, written.phone) if by_sms else None
                parts = {"person": person, "promise": promise, "mail": mail, "short_message": short, **place}
                await self._store(self._disposal(call, agent, written, now, **parts))
            except ReceiptTaken:
                continue
            self._sender.wake()
            return self._promised_view(call, promise, who)
        raise Refused("Es ließ sich keine Vorgangsnummer vergeben. Bitte noch einmal versuchen.")

    @staticmethod
    def _short_message(call: Call, promise: NewPromise, number: str) -> NewShortMessage:
        zone = call.config.hotline.timezone
        return NewShortMessage(number, short_message_for(promise.receipt, promise.due, zone))

    def _mail(self, call: Call, promise: NewPromise, request_type: str) -> NewMail:
        promised = _Promised(promise.receipt, request_type, promise.due)
        return self._mails.write(call.config, promise.responsible_email, promise.id, promised, Occasion.NEW)

    @staticmethod
    def _promised_view(call: Call, promise: NewPromise, who: Responsible) -> dict[str, Any]:
        return {
            "outcome": Outcome.FORWARDED.value,
            "receipt": promise.receipt,
            "due": german_moment(promise.due, call.config.hotline.timezone),
            "responsible": who.name,
            "rule": who.rule,
            "team": who.team,
        }
