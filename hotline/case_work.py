"""How a call is disposed of, and how a promise is kept: from the agent's form to the case worker's confirmation."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from agents.disposition import PERSON, Disposition, Outcome, read_disposition
from agents.forms import FormError
from agents.promises import german_moment, mail_for, new_receipt
from config.schema import FieldKind, FormField, HotlineConfig
from hotline.clock import Clock
from hotline.errors import ReceiptTaken, Refused
from hotline.exchange.calls import Call
from hotline.exchange.journal import Journal
from hotline.links import Links, LinkState
from hotline.mail.message import new_message_id
from hotline.mail.sender import MailSender
from hotline.storage.outbox import NewMail
from hotline.storage.promises import (
    Disposal,
    NewCallback,
    NewPromise,
    Person,
    PromiseRow,
    Promises,
    new_promise_id,
)
from routing.case_workers import Responsible, responsible
from routing.hours import Calendar
from routing.numbers import NumberPlan

log = structlog.get_logger()

RECEIPT_TRIES = 20
NOT_IN_FORM = {*PERSON, "office", "note"}
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
        config: HotlineConfig,
    ) -> None:
        self._promises = promises
        self._links = links
        self._sender = sender
        self._journal = journal
        self._clock = clock
        self._config = config
        self._random = random.SystemRandom()

    # --- the agent's disposition -------------------------------------------------------------

    async def dispose(self, call: Call, agent: str, outcome: str, values: Mapping[str, str]) -> dict[str, Any]:
        """Store the disposition and all it promises in one transaction; what the agent's screen shows of it.

        FormError with German findings by field when something is missing; Refused when it was done before.
        """
        written = self._read(call, outcome, values)
        if written.outcome is Outcome.FORWARDED:
            return await self._forward(call, agent, written, self._office(call, values))
        now = self._clock.now()
        callback = self._callback(call, written, now) if written.outcome is Outcome.CALLBACK else None
        await self._store(self._disposal(call, agent, written, now, callback=callback))
        due = german_moment(callback.due, call.config.hotline.timezone) if callback else None
        return {"outcome": written.outcome.value, "receipt": None, "due": due, "responsible": None, "rule": None}

    def _read(self, call: Call, outcome: str, values: Mapping[str, str]) -> Disposition:
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
        return Disposal(
            call.id, agent, now, written.outcome.value, request.key, written.note, dict(written.form), **parts
        )

    async def _store(self, disposal: Disposal) -> None:
        await self._journal.now(partial(self._promises.dispose, disposal))
        log.info("disposed", call=disposal.call_id, agent=disposal.agent, outcome=disposal.outcome)

    async def _forward(self, call: Call, agent: str, written: Disposition, office: str) -> dict[str, Any]:
        """Promise an answer by the end of the next working day, and mail it to who must give it."""
        now, request = self._clock.now(), call.request or call.config.unclear
        due = Calendar(call.config).due(now)
        who = responsible(call.config, office, written.family_name, request.key)
        for _ in range(RECEIPT_TRIES):
            promise = NewPromise(
                new_promise_id(), new_receipt(self._random, now.year), due, who.name, who.email, who.rule
            )
            person = Person(**{key: getattr(written, key) for key in PERSON})
            mail = self._mail(call, promise, request.key)
            try:
                await self._store(self._disposal(call, agent, written, now, person=person, promise=promise, mail=mail))
            except ReceiptTaken:
                continue
            self._sender.wake()
            return self._promised_view(call, promise, who)
        raise Refused("Es ließ sich keine Vorgangsnummer vergeben. Bitte noch einmal versuchen.")

    def _mail(self, call: Call, promise: NewPromise, request_type: str) -> NewMail:
        promised = _Promised(promise.receipt, request_type, promise.due)
        subject, body = mail_for(promised, self._links.link(promise.id), call.config)
        return NewMail(new_message_id(call.config.mail.sender), promise.responsible_email, subject, body)

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

    # --- the case worker's page --------------------------------------------------------------

    async def promise(self, token: str) -> Mapping[str, Any] | None:
        """What the page behind a mail's link shows; None when the link is expired or not ours."""
        row = await self._row(token)
        return None if row is None else self._page(row)

    async def confirm(self, token: str, how: str, note: str) -> Mapping[str, Any]:
        """The caller was answered: the promise is kept. A second confirmation changes nothing."""
        row = await self._row(token)
        if row is None:
            raise Refused("Dieser Link ist ungültig oder abgelaufen.")
        now = self._clock.now()
        if await self._journal.now(partial(self._promises.confirm, row.id, now, how, note)):
            log.info("promise kept", call=row.call_id, how=how)
        kept = await self._row(token)
        return self._page(kept or row)

    async def _row(self, token: str) -> PromiseRow | None:
        opened = self._links.open(token)
        if opened.state is not LinkState.VALID or opened.promise_id is None:
            return None
        return await self._promises.by_id(opened.promise_id)

    def _page(self, row: PromiseRow) -> dict[str, Any]:
        request = self._config.request_type(row.request_type)
        name = " ".join(part for part in (row.given_name, row.family_name) if part)
        return {
            "receipt": row.receipt,
            "type": request.label,
            "due": row.due_at.isoformat(),
            "person": name,
            "lines": [*self._contact(row), *_form_lines(request.fields, row.form or {})],
            "note": row.note or "",
            "status": row.status,
            "kept_at": row.kept_at.isoformat() if row.kept_at else None,
            "kept_how": row.how,
        }

    def _contact(self, row: PromiseRow) -> list[dict[str, str]]:
        plan = NumberPlan(self._config.hotline.country_code, self._config.hotline.area_code)
        lines = []
        if row.household_number:
            lines.append({"label": "Nummer der Bedarfsgemeinschaft", "value": row.household_number})
        if row.phone:
            lines.append({"label": "Telefon", "value": plan.display(row.phone), "tel": row.phone})
        if row.best_time:
            lines.append({"label": "Am besten erreichbar", "value": row.best_time})
        return lines


def _form_lines(fields: list[FormField], form: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"label": field.label, "value": _readable(field, form[field.key])} for field in fields if field.key in form]


def _readable(field: FormField, value: str) -> str:
    """Stored forms as people write them: dates as 24.11.2026, money as 512,50 €."""
    if field.kind is FieldKind.DATE:
        return ".".join(reversed(value.split("-")))
    return f"{value.replace('.', ',')} €" if field.kind is FieldKind.MONEY else value
