"""What is promised to a caller whom the last try to ring back did not reach either: an answer by the team, in another
way than by telephone."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agents.promises import Occasion, new_receipt
from config.schema import HotlineConfig
from hotline.clock import Clock
from hotline.links import Links
from hotline.mail.promised import PromiseMails
from hotline.mail.sender import MailSender
from hotline.storage.callbacks import CallbackTask, Unreached
from hotline.storage.disposal import Disposal, NewPromise, Person, new_promise_id
from routing.case_workers import Responsible, to_team
from routing.hours import Calendar

_RULE = "Nach {after}: geht an das Team-Postfach."
_NOTE = "Wollte zurückgerufen werden und war {at} nicht zu erreichen. Bitte auf anderem Weg antworten."


@dataclass(frozen=True, slots=True)
class _Promised:
    """What may stand in the mail."""

    receipt: str
    request_type: str
    due: datetime


class PromiseOfUnreached:
    """Implements hotline.callback_board.NotReached."""

    def __init__(
        self, configuration: Callable[[], tuple[int, HotlineConfig]], links: Links, sender: MailSender, clock: Clock
    ) -> None:
        self._configuration = configuration
        self._mails = PromiseMails(links)
        self._sender = sender
        self._clock = clock
        self._random = random.SystemRandom()

    def promise(self, agent: str, note: str) -> Unreached:
        """`agent` is who tried last, `note` what they have written; it is with the promise, not in the mail."""

        def of(task: CallbackTask) -> Disposal:
            return self._promise(task, agent, note)

        return of

    def promised(self) -> None:
        """It is stored: its mail can go."""
        self._sender.wake()

    def _promise(self, task: CallbackTask, agent: str, note: str) -> Disposal:
        config, now = self._configuration()[1], self._clock.now()
        due, tries = Calendar(config).due(now), task.tries
        after = "einem vergeblichen Rückrufversuch" if tries == 1 else f"{tries} vergeblichen Rückrufversuchen"
        at = "beim Versuch" if tries == 1 else f"bei {tries} Versuchen"
        who: Responsible = to_team(config, _RULE.format(after=after))
        receipt = new_receipt(self._random, now.year)
        promise = NewPromise(new_promise_id(), receipt, due, who.name, who.email, who.rule)
        request_type = task.request_type or config.unclear.key
        mail = self._mails.write(config, who.email, promise.id, _Promised(receipt, request_type, due), Occasion.NEW)
        words = "\n".join(part for part in (_NOTE.format(at=at), note.strip()) if part)
        person = Person(household_number=task.household_number or "", phone=task.number or "")
        own = (task.call_id, agent, now, "forwarded", request_type, words)
        return Disposal(*own, person=person, promise=promise, mail=mail)
