"""What belongs to one disposal of a call, and which parts each outcome needs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.storage.outbox import NewMail
from hotline.storage.short_messages import NewShortMessage


@dataclass(frozen=True, slots=True)
class Person:
    family_name: str = ""
    given_name: str = ""
    household_number: str = ""
    phone: str = ""
    best_time: str = ""


@dataclass(frozen=True, slots=True)
class NewPromise:
    """`id` comes from `new_promise_id`, because the mail's link is made before anything is stored."""

    id: str
    receipt: str
    due: datetime
    responsible_name: str
    responsible_email: str
    rule: str
    reason: str = ""
    """Why the agent chose somebody else than the rule; personal."""


@dataclass(frozen=True, slots=True)
class NewCallback:
    number: str
    due: datetime
    household_number: str | None = None


@dataclass(frozen=True, slots=True)
class Disposal:
    """`outcome` is settled, forwarded, callback or no_request; forwarded carries person, promise and mail.

    `number` counts the requests of one call from 1. With `replaces` it corrects that disposition: what was promised
    or asked for with it stays, only the words change.
    """

    call_id: str
    agent: str
    at: datetime
    outcome: str
    request_type: str
    note: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    person: Person | None = None
    promise: NewPromise | None = None
    mail: NewMail | None = None
    callback: NewCallback | None = None
    short_message: NewShortMessage | None = None
    """The receipt, for a caller who wants it; only with a promise."""
    number: int = 1
    more: bool = False
    """The agent goes on with a further request of the same call."""
    replaces: int | None = None
    real: datetime | None = None
    """Real time, by which a correction is audited; now if left out. `at` is business time."""


def new_promise_id() -> str:
    """An id nobody can guess; it stands in the signed link."""
    return secrets.token_urlsafe(16)


def check(disposal: Disposal) -> None:
    """ValueError when the parts do not fit the outcome: that is a mistake in the program, not of an agent."""
    forwarded, corrects = disposal.outcome == "forwarded", disposal.replaces is not None
    promise, mail = disposal.promise is not None, disposal.mail is not None
    if promise != mail:
        raise ValueError("a promise of a forwarded request goes with its mail")
    if forwarded and (disposal.person is None or not (promise or corrects)):
        raise ValueError("a forwarded request needs person, promise and mail")
    if not forwarded and promise:
        raise ValueError("only a forwarded request carries a promise and a mail")
    asks = disposal.callback is not None
    if (disposal.outcome == "callback") != asks and not (corrects and not asks):
        raise ValueError("a callback needs its number and due time, and nothing else has them")
