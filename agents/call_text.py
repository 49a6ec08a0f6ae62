"""A call as plain text, for the office's own case system: what was asked, written, decided and promised."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agents.promises import german_moment

Line = tuple[str, str]
"""A label and what stands behind it."""


@dataclass(frozen=True, slots=True)
class RequestText:
    """One request of a call. All texts as people read them; "" and None where there is nothing."""

    label: str
    """What kind of request it is."""
    outcome: str
    person: Sequence[Line] = field(default_factory=tuple)
    fields: Sequence[Line] = field(default_factory=tuple)
    note: str = ""
    receipt: str | None = None
    due: datetime | None = None
    responsible: str | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class CallText:
    at: datetime
    agent: str
    caller: str | None
    """The caller's number; None when withheld."""
    requests: Sequence[RequestText]


def as_text(call: CallText, zone: str) -> str:
    """The whole call, requests one after the other; ends with a line break."""
    head = [
        f"Telefonat vom {german_moment(call.at, zone)}",
        f"Rufnummer: {call.caller or 'unterdrückt'}",
        f"Aufgenommen von: {call.agent}",
    ]
    several = len(call.requests) > 1
    parts = ["\n".join(head)]
    for number, request in enumerate(call.requests, start=1):
        parts.append("\n".join(_lines(request, zone, f"Anliegen {number}" if several else "Anliegen")))
    return "\n\n".join(parts) + "\n"


def _lines(request: RequestText, zone: str, heading: str) -> list[str]:
    lines = [(heading, request.label), *request.person, *request.fields, ("Notiz", _indented(request.note))]
    lines.append(("Ergebnis", request.outcome))
    lines.append(("Vorgangsnummer", request.receipt or ""))
    lines.append(("Antwort zugesagt bis", german_moment(request.due, zone) if request.due is not None else ""))
    rule = f" ({request.rule})" if request.rule else ""
    lines.append(("Zuständig", f"{request.responsible}{rule}" if request.responsible else ""))
    return [f"{label}: {value}" for label, value in lines if value]


def _indented(note: str) -> str:
    """Further lines of a note stand below its first, so that nothing in it reads like a label of ours."""
    return note.strip().replace("\n", "\n  ")
