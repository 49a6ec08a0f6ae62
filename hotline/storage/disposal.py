"""What belongs to one disposal of a call, and which parts each outcome needs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hotline.storage.outbox import NewMail


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


@dataclass(frozen=True, slots=True)
class NewCallback:
    number: str
    due: datetime
    household_number: str | None = None


@dataclass(frozen=True, slots=True)
class Disposal:
    """`outcome` is settled, forwarded, callback or no_request; forwarded carries person, promise and mail."""

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


def new_promise_id() -> str:
    """An id nobody can guess; it stands in the signed link."""
    return secrets.token_urlsafe(16)


def check(disposal: Disposal) -> None:
    """ValueError when the parts do not fit the outcome: that is a mistake in the program, not of an agent."""
    forwarded = disposal.outcome == "forwarded"
    parts = (disposal.promise is not None, disposal.mail is not None, disposal.person is not None)
    if forwarded and not all(parts):
        raise ValueError("a forwarded request needs person, promise and mail")
    if not forwarded and any(parts[:2]):
        raise ValueError("only a forwarded request carries a promise and a mail")
    if (disposal.outcome == "callback") != (disposal.callback is not None):
        raise ValueError("a callback needs its number and due time, and nothing else has them")
